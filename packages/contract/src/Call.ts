/** What a caller sends to the engine with each call. */
import * as Schema from "effect/Schema"
import { surfaceNames } from "./names.ts"

/** How large results are answered. */
export const OutputMode = Schema.Literals(["auto", "inline", "artifact"])

/** The flags as given; `timeout` in seconds. */
export const Flags = Schema.Struct({
  output: Schema.optionalKey(OutputMode),
  wait: Schema.optionalKey(Schema.Boolean),
  stream: Schema.optionalKey(Schema.Boolean),
  timeout: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 86_400 }))
  ),
  concurrency: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
  ),
  follow: Schema.optionalKey(Schema.Boolean),
  human: Schema.optionalKey(Schema.Boolean),
  get: Schema.optionalKey(Schema.NonEmptyString),
  "exit-status": Schema.optionalKey(Schema.Boolean),
  pretty: Schema.optionalKey(Schema.Boolean),
  /** The caller's time zone, for text for people. */
  zone: Schema.optionalKey(Schema.String),
  color: Schema.optionalKey(Schema.Boolean)
})
export type Flags = typeof Flags.Type

/** Who calls, and from where. `env` is sent only with operations that start something. */
export const Caller = Schema.Struct({
  client: Schema.String,
  /** The surface that the answer is written for; the command line if absent. */
  surface: Schema.optionalKey(Schema.Literals(surfaceNames)),
  version: Schema.String,
  cwd: Schema.String,
  pid: Schema.Int,
  /** The file mode mask of the caller. */
  umask: Schema.optionalKey(Schema.Int),
  /** Names the call, also when it is sent again because its connection broke. It becomes part of a file's name. */
  requestId: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/u)),
  /** When the call was made (epoch ms). */
  requestedAt: Schema.Finite,
  /** Set when it is sent again. */
  repeated: Schema.optionalKey(Schema.Boolean),
  sessionId: Schema.optionalKey(Schema.String),
  /** The task inside of which the call is made. It is a task of this home when its home is: told by the id, by callers without one by the folder. */
  taskId: Schema.optionalKey(Schema.String),
  taskHomeId: Schema.optionalKey(Schema.String),
  taskHome: Schema.optionalKey(Schema.String),
  env: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
export type Caller = typeof Caller.Type

/**
 * A call. The payload is the caller's text, as it was given: a JSON document, or a bare word for operations that take
 * one; `argv` is what stood after `--`.
 */
export const CallRequest = Schema.Struct({
  operation: Schema.String,
  payload: Schema.NullOr(Schema.String),
  argv: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Where the caller read the payload from, when it did not stand on the command line. */
  payloadFrom: Schema.optionalKey(Schema.Literals(["file", "stdin"])),
  flags: Flags,
  caller: Caller
})
export type CallRequest = typeof CallRequest.Type
