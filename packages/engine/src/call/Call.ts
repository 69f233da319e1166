/** A call as the handlers see it, and how a handler is tied to its row of the table. */
import { callOf, flagOf, type Hint, sentence, type Text, firstOf } from "@backbeat/contract/Text"
import type { Caller, Flags } from "@backbeat/contract/Call"
import { decodePayload } from "@backbeat/contract/decodePayload"
import type { Frame } from "@backbeat/contract/operation/output"
import { present } from "@backbeat/contract/cutTask"
import type { Operation, Reading } from "@backbeat/contract/Operation"
import { type Problem, problem, taskNotFound, withTry } from "@backbeat/contract/Problem"
import type { Actor } from "@backbeat/core/task/Actor"
import type { IllegalTransition } from "@backbeat/core/task/decide"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { TaskMissing } from "../commit/Transitions.ts"

/** Who calls, with which flags. */
export interface Call {
  readonly caller: Caller
  readonly flags: Flags
  /** A problem of a payload as the caller gets it; as it is when absent. */
  readonly addressed?: (trouble: Problem, payload: unknown) => Problem
}

/** The actor of what a caller asks for. */
export const actorOf = ({ caller }: Call): Actor => ({
  kind: "caller",
  client: caller.client,
  pid: caller.pid,
  ...(caller.sessionId === undefined ? {} : { sessionId: caller.sessionId })
})

/** Who reads the answer of a call, and whether the call waited for it. */
export const readingOf = ({ caller }: Call, waited: boolean): Reading => ({
  client: caller.client,
  cwd: caller.cwd,
  pid: caller.pid,
  ...present({ sessionId: caller.sessionId }),
  waited
})

/** An operation with the code that answers it. */
export interface Handled {
  readonly operation: Operation
  readonly answer: (payload: unknown, call: Call) => Effect.Effect<unknown, Problem>
  /** How many items of an array are answered at once when the caller does not say; without it a few. */
  readonly concurrency?: number
  /** The payloads for which one payload stands that names several tasks; null for one that names one. */
  readonly expand?: (
    payload: unknown,
    call: Call
  ) => Effect.Effect<ReadonlyArray<unknown> | null, Problem>
  /** Answers an array in its own way; without it each item is answered by itself. */
  readonly answerMany?: (
    payloads: ReadonlyArray<unknown>,
    call: Call
  ) => Effect.Effect<ReadonlyArray<Result.Result<unknown, Problem>>, Problem>
  /** Answers an array as one: not each of them by itself. */
  readonly several?: (
    payloads: ReadonlyArray<unknown>,
    call: Call
  ) => Effect.Effect<unknown, Problem>
  /** Answers with the JSON of the data in parts, for data too large to be held; null for a call that is answered in the usual way. */
  readonly parts?: (
    payload: unknown,
    call: Call
  ) => Effect.Effect<Stream.Stream<string> | null, Problem>
  /** Answers with text for people in parts; null for a call whose data is laid out in the usual way. */
  readonly text?: (
    payload: unknown,
    call: Call
  ) => Effect.Effect<Stream.Stream<string> | null, Problem>
  /** Answers with frames as they come. */
  readonly stream?: (
    payload: unknown,
    call: Call
  ) => Effect.Effect<Stream.Stream<Frame, Problem>, Problem>
}

/** Ties code to a row of the table: it gets the decoded payload, and what else it is called with as it is. */
export const tied =
  <Input, Rest extends ReadonlyArray<unknown>, A>(
    operation: Operation<string, Schema.Codec<Input, unknown>>,
    body: (input: Input, ...rest: Rest) => Effect.Effect<A, Problem>
  ) =>
  (payload: unknown, ...rest: Rest): Effect.Effect<A, Problem> =>
    Effect.flatMap(Effect.fromResult(decodePayload(operation, payload)), (input) =>
      body(input, ...rest)
    )

/** Ties a handler to its row: the payload is decoded before, the data checked by type. */
export const handle = <Input, Output>(
  operation: Operation<string, Schema.Codec<Input, unknown>, Schema.Codec<Output, unknown>>,
  body: (input: Input, call: Call) => Effect.Effect<Output, Problem>
): Handled => ({ operation, answer: tied(operation, body) })

/** What can go wrong below a handler. */
export type Trouble = TaskMissing | IllegalTransition | StoreError | Problem

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

/** What is called next on a task in a status, where that is one call. */
const nextCall: Readonly<Record<string, string>> = {
  completed: "restart",
  failed: "restart",
  cancelled: "restart",
  stopping: "wait"
}

const withNext = (id: string, status: string, told: Problem): Problem => {
  const call = nextCall[status]
  return call === undefined ? told : withTry(told, call, { id })
}

/** What the caller is told of it. */
export const toProblem = (trouble: Trouble): Problem => {
  switch (trouble._tag) {
    case "Problem":
      return trouble
    case "TaskMissing":
      return taskNotFound(trouble.id)
    case "StoreError":
      return problem("StoreError", trouble.message, storeHints[trouble.reason], {
        reason: trouble.reason
      })
    case "IllegalTransition":
      return withNext(
        trouble.id,
        trouble.from,
        problem(
          "IllegalTransition",
          `task ${trouble.id} is ${trouble.from} and does not accept ${trouble.command.toLowerCase()}`,
          next[trouble.from] ??
            sentence`Run ${callOf("status")} and ${callOf("why")} to see its state.`,
          { id: trouble.id, from: trouble.from, command: trouble.command }
        )
      )
  }
}

/** The result of one of several: a rejection is the result of that one, but a store that fails is a failure of all. */
export const resultOf = <A, R>(
  one: Effect.Effect<A, Trouble, R>
): Effect.Effect<Result.Result<A, Problem>, StoreError, R> =>
  Effect.catch(
    Effect.map(one, (done): Result.Result<A, Problem> => Result.succeed(done)),
    (trouble) =>
      trouble._tag === "StoreError"
        ? Effect.fail(trouble)
        : Effect.succeed(Result.fail(toProblem(trouble)))
  )
