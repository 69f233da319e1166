/** The JSON document that answers every call. */
import * as Predicate from "effect/Predicate"
import type { CallRequest } from "./Call.ts"
import { withChanges } from "./meant/withChanges.ts"
import { type Issue, type Problem, type Try, withTry } from "./Problem.ts"
import { refusedStatus } from "./protocol.ts"
import { commandLine } from "./surface/commandLine.ts"
import { type Surface, writeHint, writeText } from "./surface/Surface.ts"
import { partsOf, type Text } from "./Text.ts"

/**
 * The exit codes of the CLI: 1 for an expected failure, 70 for a defect of backbeat (EX_SOFTWARE of
 * sysexits.h).
 */
export const exitCodes = { ok: 0, refused: 1, defect: 70 } as const

/** The exit codes with `--exit-status`, other than those of the task itself. */
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

/** A longer `try` is left out, to keep the answer short. */
const tryMaxBytes = 1000

const isShort = (suggestion: Try): boolean =>
  new TextEncoder().encode(JSON.stringify(suggestion)).length <= tryMaxBytes

/** Whether a payload contains values of environment variables, which may be secrets. */
const givesEnv = (payload: unknown): boolean => {
  if (Array.isArray(payload)) return payload.some(givesEnv)
  if (!Predicate.isObject(payload)) return false
  return Object.entries(payload).some(
    ([key, value]) =>
      (key === "env" && Predicate.isObject(value) && Object.keys(value).length > 0) ||
      givesEnv(value)
  )
}

const isEnv = (path = ""): boolean => /(?:^|\.)env(?:[.[]|$)/u.test(path)

/**
 * Whether a suggestion may be shown. It repeats values of variables only if `env` itself is wrong,
 * so that an error for another reason does not put a secret into a transcript.
 */
const mayBeShown = (suggestion: Try, path: string | undefined): boolean =>
  isShort(suggestion) && (isEnv(path) || !givesEnv(suggestion.payload))

/** Whether a text already mentions its field. */
const mentionsPath = (message: Text): boolean =>
  partsOf(message).some((part) => typeof part === "object" && part.kind === "path")

/**
 * The message of a problem or of one of its flaws, as a surface writes it. Mentions that the
 * surface does not have are written plainly.
 */
export const messageOf = ({ path = "", message }: Issue, surface = commandLine): string => {
  const naming: Surface = {
    ...surface,
    call: (operation, payload) => surface.call(operation, payload) ?? operation,
    flag: (flag) => surface.flag(flag) ?? flag.name
  }
  const written = writeText(message, naming, path) ?? ""
  return path === "" || mentionsPath(message) ? written : `${path}: ${written}`
}

const detailsOf = (told: Problem, surface: Surface): Problem["details"] => ({
  ...(told.path === undefined ? {} : { path: told.path }),
  ...(told.flag === undefined
    ? {}
    : { flag: surface.flag({ kind: "flag", name: told.flag }) ?? told.flag }),
  ...(told.id === undefined ? {} : { id: told.id }),
  ...told.details,
  ...(told.issues === undefined
    ? {}
    : { issues: told.issues.map((issue) => messageOf(issue, surface)) })
})

/** A problem as a surface writes it. */
export interface WrittenError {
  readonly type: Problem["type"]
  readonly message: string
  readonly try?: Try
  readonly details: {
    readonly [fact: string]: unknown
    readonly hint: string
    readonly retryable: boolean
  }
}

/** Writes a problem for a surface. */
export const errorOf = (told: Problem, surface = commandLine): WrittenError => {
  const { type, hint, path, retryable, try: given } = told
  const suggestion = given !== undefined && mayBeShown(given, path) ? given : undefined
  const written = writeHint(hint, surface, path)
  return {
    type,
    message: messageOf(told, surface),
    ...(suggestion === undefined ? {} : { try: suggestion }),
    details: {
      ...detailsOf(told, surface),
      hint: written === "" ? surface.fallback(suggestion) : written,
      retryable
    }
  }
}

/**
 * The flags that change the meaning of a call. `--pretty`, `--human` and color only change how the
 * answer looks.
 */
export const meaningOf = ({
  pretty: _pretty,
  color: _color,
  human: _human,
  zone: _zone,
  ...flags
}: CallRequest["flags"]): Try["flags"] => flags

const isEntries = (payload: unknown): boolean =>
  Predicate.isObject(payload) && !Array.isArray(payload)

/** Adds the `try` that its changes make of a payload. */
const changed = ({ changes, ...told }: Problem, operation: string, payload: unknown): Problem =>
  changes === undefined || !isEntries(payload)
    ? told
    : withTry(told, operation, withChanges(payload, changes))

/** Whether the problem is a flag: then its `try` already has the other flags. */
const isForFlag = ({ flag }: Problem): boolean => flag !== undefined

/**
 * The problem for the caller of a request. A `try` of the same operation keeps the flags of the
 * request. If the payload came from a file or stdin there is no `try`, because the payload may not
 * fit on a command line.
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
export const failed = (command: string, problem: Problem, surface = commandLine) =>
  ({ ok: false, command, error: errorOf(problem, surface) }) as const

/** The exit code of a failure. */
export const exitCodeOf = ({ type }: Problem): number =>
  type === "InternalError" ? exitCodes.defect : exitCodes.refused
