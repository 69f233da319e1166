/** From what the output told and how the process ended to what became of the work. */
import type {
  AgentErrorKind,
  AgentOutcome,
  AgentResult,
  AgentFailure,
  Denied
} from "@backbeat/core/task/AgentOutcome"
import type { AgentWork, PermissionMode } from "@backbeat/core/task/AgentWork"
import type { Agent, CallEnd } from "../Agent.ts"
import { keepBeginning, keepEnd } from "../text/keepEnd.ts"
import { visible, visibleLine } from "../text/visible.ts"
import { hintFor } from "../trouble/hintFor.ts"
import { kindOf } from "../trouble/kindOf.ts"
import { maskSecrets } from "../trouble/maskSecrets.ts"
import { plainMessage, plainStderr } from "../trouble/plainMessage.ts"
import { splitUsage } from "./splitUsage.ts"
import type { Problem, AgentProgress } from "./AgentProgress.ts"

/** What is to be known of an agent to tell its trouble. */
export interface AgentTraits extends Pick<Agent, "name" | "login" | "loginMarks"> {
  /** What its exit codes mean when it said nothing else. */
  readonly exitKinds: ReadonlyMap<number, AgentErrorKind>
  /** What it tells of refused calls on standard error only. */
  readonly deniedIn?: (stderr: string) => ReadonlyArray<Denied>
}

/** All that is known at the end of a call; `stray` is what it printed among its events that is none. */
export interface Evidence extends CallEnd {
  readonly told: AgentProgress
  readonly stray: string
}

const textBytes = 65_536
const messageBytes = 4096

const plainError = (message: string): Problem => ({ message, kind: null, status: null })

/** What tells most of a failure: the first that says which kind it is, otherwise the first that says anything. */
const mostSpecificError = ({ told, stray, stderr }: Evidence): Problem | null => {
  const problems = [
    told.problem,
    plainError(plainStderr(stderr)),
    plainError(plainStderr(stray))
  ].flatMap((problem) => (problem === null || problem.message.trim() === "" ? [] : [problem]))
  return problems.find((problem) => kindOf(problem) !== "error") ?? problems[0] ?? null
}

const troubleOf = (traits: AgentTraits, problem: Problem, kind: AgentErrorKind): AgentFailure => {
  const message = keepBeginning(maskSecrets(plainMessage(problem.message)), messageBytes)
  return { kind, message, hint: hintFor(traits, kind, message) }
}

const reportedFailure = (traits: AgentTraits, evidence: Evidence): AgentFailure => {
  const own = evidence.told.problem
  const problem = own !== null && own.message.trim() !== "" ? own : mostSpecificError(evidence)
  if (problem === null)
    return troubleOf(
      traits,
      plainError(`${traits.name} reported a failure without a reason.`),
      "error"
    )
  return troubleOf(traits, problem, kindOf(problem))
}

const missingResult = (traits: AgentTraits, evidence: Evidence, exitCode: number): AgentFailure => {
  const problem = mostSpecificError(evidence)
  const byCode = traits.exitKinds.get(exitCode)
  const plain = `${traits.name} exited with code ${exitCode} and without a result`
  if (problem === null) return troubleOf(traits, plainError(`${plain}.`), byCode ?? "no_result")
  const kind = byCode ?? kindOf(problem)
  if (exitCode === 0 && kind === "error")
    return troubleOf(
      traits,
      { ...problem, message: `${plain}: ${plainMessage(problem.message)}` },
      "no_result"
    )
  return troubleOf(traits, problem, kind)
}

const detectFailure = (
  traits: AgentTraits,
  work: AgentWork,
  evidence: Evidence
): AgentFailure | null => {
  const { structured, verdict } = evidence.told
  if (verdict === "failed") return reportedFailure(traits, evidence)
  if (verdict === "done")
    return work.outputSchema === null || structured !== null
      ? null
      : troubleOf(
          traits,
          plainError(`${traits.name} returned no answer that matches the output schema.`),
          "no_result"
        )
  // Without a word of its own, an agent that was killed or never ran is not to blame: the end of its process tells why.
  return evidence.outcome.kind === "exited"
    ? missingResult(traits, evidence, evidence.outcome.exitCode)
    : null
}

const shownDenied = 10

/** The next wider mode: edits for who may only plan, then everything. What `full` does not allow, the agent's own settings forbid. */
const widerMode = (
  { permissionMode }: AgentWork,
  denied: ReadonlyArray<Denied>
): PermissionMode | null => {
  if (permissionMode === null || permissionMode === "full") return null
  return permissionMode === "plan" && denied.every(({ tool }) => editing.test(tool))
    ? "edit"
    : "full"
}

const editing = /edit|write|patch|replace/iu

const refusals = (
  denied: ReadonlyArray<Denied>,
  work: AgentWork
): Pick<AgentResult, "denied" | "deniedMore" | "allowedBy"> => {
  if (denied.length === 0) return {}
  const mode = widerMode(work, denied)
  return {
    denied: denied
      .slice(0, shownDenied)
      .map(({ tool, what }) => ({ tool: visibleLine(tool), what: maskSecrets(visibleLine(what)) })),
    ...(denied.length > shownDenied ? { deniedMore: denied.length - shownDenied } : {}),
    ...(mode === null ? {} : { allowedBy: { permissionMode: mode } })
  }
}

/**
 * What became of a call. Success is what the output says, not the exit code. `isError` of the result is true unless the
 * output said that the work is done, in the form that was asked for. The tokens of the input include those of a cache.
 */
export const conclude = (
  traits: AgentTraits,
  work: AgentWork,
  evidence: Evidence
): AgentOutcome => {
  const { told, usedBefore } = evidence
  const trouble = detectFailure(traits, work, evidence)
  const isError = told.verdict !== "done" || trouble !== null
  const { own, used } = splitUsage(
    told,
    work.session === null || usedBefore === undefined
      ? work.session
      : { ...work.session, usedBefore }
  )
  const text = keepEnd(visible(told.text).trim(), textBytes, told.cutBytes)
  return {
    result: {
      text: isError ? maskSecrets(text) : text,
      isError,
      sessionId: told.sessionId,
      ...own,
      turns: told.turns,
      structured: told.structured,
      ...refusals([...told.denied, ...(traits.deniedIn?.(evidence.stderr) ?? [])], work)
    },
    used,
    trouble
  }
}
