/** Determines the outcome of an agent call from its parsed output and the exit of its process. */
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
import { hintFor } from "../failure/hintFor.ts"
import { classifyError } from "../failure/classifyError.ts"
import { maskSecrets } from "../failure/maskSecrets.ts"
import { plainMessage, plainStderr } from "../failure/plainMessage.ts"
import { splitUsage } from "./splitUsage.ts"
import type { ReportedError, AgentProgress } from "./AgentProgress.ts"

/** The properties of an agent that its failures depend on. */
export interface AgentTraits extends Pick<Agent, "name" | "login" | "credentialSources"> {
  /** What its exit codes mean if its output has no error. */
  readonly exitKinds: ReadonlyMap<number, AgentErrorKind>
  /** Finds denied tool calls that it reports on standard error only. */
  readonly deniedIn?: (stderr: string) => ReadonlyArray<Denied>
}

/** Everything known about a finished call. `unparsed` is stdout that was not an event. */
export interface FinishedCall extends CallEnd {
  readonly progress: AgentProgress
  readonly unparsed: string
}

const textBytes = 65_536
const messageBytes = 4096

const plainError = (message: string): ReportedError => ({ message, kind: null, status: null })

/** The first error of a known kind; otherwise the first error with a message. */
const mostSpecificError = ({ progress, unparsed, stderr }: FinishedCall): ReportedError | null => {
  const errors = [
    progress.problem,
    plainError(plainStderr(stderr)),
    plainError(plainStderr(unparsed))
  ].flatMap((error) => (error === null || error.message.trim() === "" ? [] : [error]))
  return errors.find((error) => classifyError(error) !== "error") ?? errors[0] ?? null
}

const toFailure = (
  traits: AgentTraits,
  error: ReportedError,
  kind: AgentErrorKind
): AgentFailure => {
  const message = keepBeginning(maskSecrets(plainMessage(error.message)), messageBytes)
  return { kind, message, hint: hintFor(traits, kind, message) }
}

const reportedFailure = (traits: AgentTraits, call: FinishedCall): AgentFailure => {
  const own = call.progress.problem
  const error = own !== null && own.message.trim() !== "" ? own : mostSpecificError(call)
  if (error === null)
    return toFailure(
      traits,
      plainError(`${traits.name} reported a failure without a reason.`),
      "error"
    )
  return toFailure(traits, error, classifyError(error))
}

const missingResult = (traits: AgentTraits, call: FinishedCall, exitCode: number): AgentFailure => {
  const error = mostSpecificError(call)
  const byCode = traits.exitKinds.get(exitCode)
  const plain = `${traits.name} exited with code ${exitCode} and without a result`
  if (error === null) return toFailure(traits, plainError(`${plain}.`), byCode ?? "no_result")
  const kind = byCode ?? classifyError(error)
  if (exitCode === 0 && kind === "error")
    return toFailure(
      traits,
      { ...error, message: `${plain}: ${plainMessage(error.message)}` },
      "no_result"
    )
  return toFailure(traits, error, kind)
}

const detectFailure = (
  traits: AgentTraits,
  work: AgentWork,
  call: FinishedCall
): AgentFailure | null => {
  const { structured, verdict } = call.progress
  if (verdict === "failed") return reportedFailure(traits, call)
  if (verdict === "done")
    return work.outputSchema === null || structured !== null
      ? null
      : toFailure(
          traits,
          plainError(`${traits.name} returned no answer that matches the output schema.`),
          "no_result"
        )
  // The end of the process explains an agent that was killed or never started.
  return call.outcome.kind === "exited" ? missingResult(traits, call, call.outcome.exitCode) : null
}

const maxDenied = 10

/**
 * The next wider mode: `edit` after `plan` if only edits were denied, otherwise `full`. Calls that
 * `full` does not allow are forbidden by the agent's own settings.
 */
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

const deniedFields = (
  denied: ReadonlyArray<Denied>,
  work: AgentWork
): Pick<AgentResult, "denied" | "deniedMore" | "allowedBy"> => {
  if (denied.length === 0) return {}
  const mode = widerMode(work, denied)
  return {
    denied: denied
      .slice(0, maxDenied)
      .map(({ tool, what }) => ({ tool: visibleLine(tool), what: maskSecrets(visibleLine(what)) })),
    ...(denied.length > maxDenied ? { deniedMore: denied.length - maxDenied } : {}),
    ...(mode === null ? {} : { allowedBy: { permissionMode: mode } })
  }
}

/**
 * The outcome of a call. The output decides about success, not the exit code. `isError` of the
 * result is false only if the output reports success in the requested form. Input tokens include
 * those of a cache.
 */
export const toAgentOutcome = (
  traits: AgentTraits,
  work: AgentWork,
  call: FinishedCall
): AgentOutcome => {
  const { progress, usedBefore } = call
  const failure = detectFailure(traits, work, call)
  const isError = progress.verdict !== "done" || failure !== null
  const { own, used } = splitUsage(
    progress,
    work.session === null || usedBefore === undefined
      ? work.session
      : { ...work.session, usedBefore }
  )
  const text = keepEnd(visible(progress.text).trim(), textBytes, progress.cutBytes)
  return {
    result: {
      text: isError ? maskSecrets(text) : text,
      isError,
      sessionId: progress.sessionId,
      ...own,
      turns: progress.turns,
      structured: progress.structured,
      ...deniedFields([...progress.denied, ...(traits.deniedIn?.(call.stderr) ?? [])], work)
    },
    used,
    trouble: failure
  }
}
