/** The request that a caller sends to the engine. */
import * as Schema from "effect/Schema"
import { surfaceNames } from "./names.ts"

/** How large results are returned. */
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

/** The caller and its location. `env` is only sent with operations that start something. */
export const Caller = Schema.Struct({
  client: Schema.String,
  /** The surface for which the answer is written; absent: the command line. */
  surface: Schema.optionalKey(Schema.Literals(surfaceNames)),
  version: Schema.String,
  cwd: Schema.String,
  pid: Schema.Int,
  /** The umask of the caller. */
  umask: Schema.optionalKey(Schema.Int),
  /**
   * Identifies the call, also when it is sent again after a broken connection. It becomes part of a
   * file's name.
   */
  requestId: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/u)),
  /** When the call was made (epoch ms). */
  requestedAt: Schema.Finite,
  /** Set when the call is sent again. */
  repeated: Schema.optionalKey(Schema.Boolean),
  sessionId: Schema.optionalKey(Schema.String),
  /**
   * The task that makes the call. It belongs to this home if its home has the same id, or without
   * an id the same folder.
   */
  taskId: Schema.optionalKey(Schema.String),
  taskHomeId: Schema.optionalKey(Schema.String),
  taskHome: Schema.optionalKey(Schema.String),
  env: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
export type Caller = typeof Caller.Type

/**
 * A call. The payload is the caller's text as given: a JSON document, or a plain word for
 * operations that accept one. `argv` is everything after `--`.
 */
export const CallRequest = Schema.Struct({
  operation: Schema.String,
  payload: Schema.NullOr(Schema.String),
  argv: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Where the caller read the payload from, if not from the command line. */
  payloadFrom: Schema.optionalKey(Schema.Literals(["file", "stdin"])),
  flags: Flags,
  caller: Caller
})
export type CallRequest = typeof CallRequest.Type
