/** What the end of an evaluation says about an iteration. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { describeFailure, type Failure } from "../task/Failure.ts"
import type { Evaluation, Strategy } from "./LoopSpec.ts"
import { readScore } from "./score.ts"

/** How the task of an evaluation ended. `answer` is the last line of a command, or what a judge has said. */
export interface EvaluationEnd {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly failure: Failure | null
  /** Whether somebody stopped it. */
  readonly stopped: boolean
  readonly durationMs: number | null
  readonly costUsd: number | null
  readonly lastLine: string | null
  readonly structured: unknown
  readonly lastLines: ReadonlyArray<string>
}

/** What an evaluation has found: a crash tells nothing of the work. */
export type Verdict =
  | { readonly kind: "pass" | "fail"; readonly reason: string | null }
  | { readonly kind: "score"; readonly score: number; readonly reason: string | null }
  | { readonly kind: "crash"; readonly reason: string }

/** What a judge answers. */
const Judgement = Schema.Struct({
  pass: Schema.Boolean,
  score: Schema.optionalKey(Schema.NullOr(Schema.Finite)),
  reason: Schema.optionalKey(Schema.NullOr(Schema.String))
})

const decodeJudgement = Schema.decodeUnknownOption(Judgement)

/** The longest reason that is kept. */
const reasonMaxCharacters = 2000

const crash = (reason: string): Verdict => ({ kind: "crash", reason })

const shortened = (text: string): string =>
  text.length <= reasonMaxCharacters ? text : `${text.slice(0, reasonMaxCharacters - 1)}…`

const ofJudge = ({ structured }: EvaluationEnd, { kind }: Strategy): Verdict => {
  const judgement = Option.getOrNull(decodeJudgement(structured))
  if (judgement === null)
    return crash('the judge did not answer with {"pass": true or false, "reason": text}')
  const { pass, score = null } = judgement
  const reason = judgement.reason == null ? null : shortened(judgement.reason)
  if (kind === "retry") return { kind: pass ? "pass" : "fail", reason }
  return score === null
    ? crash('the judge answered without "score", which optimize needs')
    : { kind: "score", score, reason }
}

/** The shell's own exit codes for a command that cannot be run. Source: POSIX, Exit Status for Commands. */
const notRun: ReadonlySet<number> = new Set([126, 127])

const ofCommand = ({ exitCode, lastLine }: EvaluationEnd, { kind }: Strategy): Verdict => {
  const code = exitCode ?? 0
  if (notRun.has(code)) return crash(`exitCondition could not be run: exit code ${code}`)
  if (kind === "retry")
    return code === 0
      ? { kind: "pass", reason: null }
      : { kind: "fail", reason: `exitCondition exited with code ${code}` }
  if (code !== 0) return crash(`exitCondition exited with code ${code}`)
  if (lastLine === null) return crash("exitCondition printed no number")
  const score = readScore(lastLine)
  return score === null
    ? crash(`the last line of exitCondition is not one finite number: ${lastLine.slice(0, 80)}`)
    : { kind: "score", score, reason: null }
}

/** Reads an end. Only an exit code is the word of the command itself; what else ended it tells nothing of the work. */
export const verdictOf = (
  evaluation: Evaluation,
  strategy: Strategy,
  end: EvaluationEnd
): Verdict => {
  if (end.stopped) return crash("its evaluation was stopped")
  const { failure } = end
  if (failure !== null && (evaluation.kind === "judge" || failure.type !== "ExitedNonZero"))
    return crash(`its evaluation ${describeFailure(failure)}`)
  return evaluation.kind === "judge" ? ofJudge(end, strategy) : ofCommand(end, strategy)
}
