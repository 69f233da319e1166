/** A call as handlers see it, and how a handler is connected to its row of the table. */
import { callOf, flagOf, type Hint, sentence, type Text, firstOf } from "@backbeat/contract/Text"
import type { Caller, Flags } from "@backbeat/contract/Call"
import { decodePayload } from "@backbeat/contract/decodePayload"
import type { Frame } from "@backbeat/contract/operation/output"
import { present } from "@backbeat/contract/cutTask"
import type { Operation, Reading } from "@backbeat/contract/Operation"
import { type Problem, problem, taskNotFound, withTry } from "@backbeat/contract/Problem"
import type { Actor } from "@backbeat/core/history/Actor"
import type { IllegalTransition } from "@backbeat/core/task/decide"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { TaskMissing } from "../commit/Transitions.ts"

/** The caller and its flags. */
export interface Call {
  readonly caller: Caller
  readonly flags: Flags
  /** Adapts a problem of a payload before the caller gets it; absent: unchanged. */
  readonly addressed?: (error: Problem, payload: unknown) => Problem
}

/** The actor of a caller's transitions. */
export const actorOf = ({ caller }: Call): Actor => ({
  kind: "caller",
  client: caller.client,
  pid: caller.pid,
  ...(caller.sessionId === undefined ? {} : { sessionId: caller.sessionId })
})

/** Who reads the answer of a call, and whether the call waited. */
export const readingOf = ({ caller }: Call, waited: boolean): Reading => ({
  client: caller.client,
  cwd: caller.cwd,
  pid: caller.pid,
  ...present({ sessionId: caller.sessionId }),
  waited
})

/** An operation and the code that answers it. */
export interface Handler {
  readonly operation: Operation
  readonly answer: (payload: unknown, call: Call) => Effect.Effect<unknown, Problem>
  /** How many items of an array are answered concurrently by default; absent: a few. */
  readonly concurrency?: number
  /** Expands a payload that names several tasks into one payload for each; null if it names one. */
  readonly expand?: (
    payload: unknown,
    call: Call
  ) => Effect.Effect<ReadonlyArray<unknown> | null, Problem>
  /** Answers an array in its own way; absent: each item is answered separately. */
  readonly answerMany?: (
    payloads: ReadonlyArray<unknown>,
    call: Call
  ) => Effect.Effect<ReadonlyArray<Result.Result<unknown, Problem>>, Problem>
  /** Answers an array with one answer, not one for each item. */
  readonly several?: (
    payloads: ReadonlyArray<unknown>,
    call: Call
  ) => Effect.Effect<unknown, Problem>
  /**
   * Answers with parts of the JSON of data that is too large for memory; null to answer as usual.
   */
  readonly parts?: (
    payload: unknown,
    call: Call
  ) => Effect.Effect<Stream.Stream<string> | null, Problem>
  /** Answers with parts of text for people; null to print the data as usual. */
  readonly text?: (
    payload: unknown,
    call: Call
  ) => Effect.Effect<Stream.Stream<string> | null, Problem>
  /** Answers with a stream of frames. */
  readonly stream?: (
    payload: unknown,
    call: Call
  ) => Effect.Effect<Stream.Stream<Frame, Problem>, Problem>
}

/** Connects code to a row of the table. Decodes the payload and passes the other arguments on. */
export const withPayload =
  <Input, Rest extends ReadonlyArray<unknown>, A>(
    operation: Operation<string, Schema.Codec<Input, unknown>>,
    body: (input: Input, ...rest: Rest) => Effect.Effect<A, Problem>
  ) =>
  (payload: unknown, ...rest: Rest): Effect.Effect<A, Problem> =>
    Effect.flatMap(Effect.fromResult(decodePayload(operation, payload)), (input) =>
      body(input, ...rest)
    )

/** Connects a handler to its row. The payload is decoded first; the type of the data is checked. */
export const handle = <Input, Output>(
  operation: Operation<string, Schema.Codec<Input, unknown>, Schema.Codec<Output, unknown>>,
  body: (input: Input, call: Call) => Effect.Effect<Output, Problem>
): Handler => ({ operation, answer: withPayload(operation, body) })

/** The errors of the code below a handler. */
export type HandlerError = TaskMissing | IllegalTransition | StoreError | Problem

const storeHints: Readonly<Record<StoreError["reason"], Hint>> = {
  damaged:
    "Restore a backup, or move the file away to start with an empty store. The file was not changed.",
  newer: "Use the newer version of backbeat that wrote it.",
  full: "Free disk space, then call again. Nothing was lost.",
  readonly: firstOf(
    sentence`Make the home writable, or use another home with ${flagOf("home")}.`,
    "Make the home writable."
  ),
  unavailable: "Check the home and its disk, then call again."
}

const ended = sentence`It has ended. Use ${callOf("restart")} to run it again.`

const next: Readonly<Record<string, Text>> = {
  completed: ended,
  failed: ended,
  cancelled: ended,
  stopping: "Wait until it has ended.",
  running: sentence`It is running. Use ${callOf("stop")} or ${callOf("restart")}.`
}

/** The call that comes next for a task in this status, if there is exactly one. */
const nextCall: Readonly<Record<string, string>> = {
  completed: "restart",
  failed: "restart",
  cancelled: "restart",
  stopping: "wait"
}

const withNext = (id: string, status: string, rejection: Problem): Problem => {
  const call = nextCall[status]
  return call === undefined ? rejection : withTry(rejection, call, { id })
}

/** Converts an error into the problem that the caller gets. */
export const toProblem = (error: HandlerError): Problem => {
  switch (error._tag) {
    case "Problem":
      return error
    case "TaskMissing":
      return taskNotFound(error.id)
    case "StoreError":
      return problem("StoreError", error.message, storeHints[error.reason], {
        reason: error.reason
      })
    case "IllegalTransition":
      return withNext(
        error.id,
        error.from,
        problem(
          "IllegalTransition",
          `task ${error.id} is ${error.from} and does not accept ${error.command.toLowerCase()}`,
          next[error.from] ??
            sentence`Run ${callOf("status")} and ${callOf("why")} to see its state.`,
          { id: error.id, from: error.from, command: error.command }
        )
      )
  }
}

/**
 * The result of one item of several. A rejection is the result of that item; a store error fails
 * all.
 */
export const resultOf = <A, R>(
  one: Effect.Effect<A, HandlerError, R>
): Effect.Effect<Result.Result<A, Problem>, StoreError, R> =>
  Effect.catch(
    Effect.map(one, (done): Result.Result<A, Problem> => Result.succeed(done)),
    (error) =>
      error._tag === "StoreError"
        ? Effect.fail(error)
        : Effect.succeed(Result.fail(toProblem(error)))
  )
