/** The one JSON document that every call answers with. */
import * as Predicate from "effect/Predicate"
import type { CallRequest } from "./Call.ts"
import { withChanges } from "./meant/withChanges.ts"
import { type Problem, type Try, withTry } from "./Problem.ts"
import { refusedStatus } from "./protocol.ts"

/** The exit codes of the CLI: an expected failure is 1, a defect of backbeat 70 (EX_SOFTWARE of sysexits.h). */
export const exitCodes = { ok: 0, refused: 1, defect: 70 } as const

/** The exit codes with `--exit-status`, beside those of the task itself. */
export const exitStatuses = {
  failed: 1,
  timeIsUp: 124,
  refused: refusedStatus,
  notSpawned: 127,
  signalBase: 128,
  stopped: 143
} as const

/** The document of a success. */
export const succeeded = (command: string, data: unknown) => ({ ok: true, command, data }) as const

/** A longer `try` is left out: the answer would no longer be short. */
const tryMaxBytes = 1000

const isShort = (suggestion: Try): boolean =>
  new TextEncoder().encode(JSON.stringify(suggestion)).length <= tryMaxBytes

/** Whether a payload gives values of environment variables, which may be secrets. */
const givesEnv = (payload: unknown): boolean => {
  if (Array.isArray(payload)) return payload.some(givesEnv)
  if (!Predicate.isObject(payload)) return false
  return Object.entries(payload).some(
    ([key, value]) =>
      (key === "env" && Predicate.isObject(value) && Object.keys(value).length > 0) ||
      givesEnv(value)
  )
}

const isEnv = (path: unknown): boolean =>
  typeof path === "string" && /(?:^|\.)env(?:[.[]|$)/u.test(path)

/**
 * Whether a suggestion may be shown. Values of variables are repeated only if `env` itself is what is wrong: a refusal for another
 * reason must not put a secret into a transcript.
 */
const mayBeShown = (suggestion: Try, { path }: Problem["details"]): boolean =>
  isShort(suggestion) && (isEnv(path) || !givesEnv(suggestion.payload))

/** How the CLI says what to do where a problem says it by its `try` alone. */
const hintFor = (suggestion: Try | undefined): string =>
  suggestion === undefined
    ? "`backbeat help` shows how a call is written."
    : "Run the call in `try`: backbeat <operation> '<payload>' [flags]."

/** What is told of a problem. */
export const errorOf = ({ type, message, details, hint, retryable, try: given }: Problem) => {
  const suggestion = given !== undefined && mayBeShown(given, details) ? given : undefined
  return {
    type,
    message,
    ...(suggestion === undefined ? {} : { try: suggestion }),
    details: { ...details, hint: hint === "" ? hintFor(suggestion) : hint, retryable }
  }
}

/** The flags of a request that belong to its meaning. `--pretty`, `--human` and colour only change how the answer looks. */
export const meaningOf = ({
  pretty: _pretty,
  color: _color,
  human: _human,
  zone: _zone,
  ...flags
}: CallRequest["flags"]): Try["flags"] => flags

const isEntries = (payload: unknown): boolean =>
  Predicate.isObject(payload) && !Array.isArray(payload)

/** A problem with the `try` that its changes make of a payload. */
const changed = ({ changes, ...told }: Problem, operation: string, payload: unknown): Problem =>
  changes === undefined || !isEntries(payload)
    ? told
    : withTry(told, operation, withChanges(payload, changes))

/** Whether a flag is what is wrong: its `try` has all flags that may stay. */
const isForFlag = ({ details }: Problem): boolean => "flag" in details

/**
 * The problem as the caller of a request gets it. A `try` of the same operation keeps the flags of the request. There is none when the
 * payload came from a file or from stdin: the caller does not want to see it on a command line.
 */
export const addressed = (
  given: Problem,
  { operation, flags, payloadFrom }: Pick<CallRequest, "operation" | "flags" | "payloadFrom">,
  payload?: unknown
): Problem => {
  const told = changed(given, operation, payload)
  const { try: suggestion, ...rest } = told
  if (suggestion === undefined) return told
  if (payloadFrom !== undefined) return rest
  if (suggestion.operation !== operation) return told
  const all = isForFlag(told)
    ? { ...suggestion.flags }
    : { ...meaningOf(flags), ...suggestion.flags }
  const { operation: name, payload: its } = suggestion
  return {
    ...rest,
    try: { operation: name, payload: its, ...(Object.keys(all).length === 0 ? {} : { flags: all }) }
  }
}

/** The document of a failure. */
export const failed = (command: string, problem: Problem) =>
  ({ ok: false, command, error: errorOf(problem) }) as const

/** The exit code that goes with a failure. */
export const exitCodeOf = ({ type }: Problem): number =>
  type === "InternalError" ? exitCodes.defect : exitCodes.refused
