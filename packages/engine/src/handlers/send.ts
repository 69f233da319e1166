/**
 * Answers `send`. A delivery cannot be undone, so it is recorded before and after, and nothing is
 * delivered twice.
 */
import { callOf, sentence, type Hint } from "@backbeat/contract/Text"
import { problem, type Problem, type Try, withTry } from "@backbeat/contract/Problem"
import * as operations from "@backbeat/contract/operation/steer"
import type { Input, Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import { RequestStore } from "@backbeat/store/RequestStore"
import { Database } from "@backbeat/store/Database"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { join } from "node:path"
import { Home } from "../home/Home.ts"
import { compilePattern } from "../output/Pattern.ts"
import { inspectAttempt } from "../process/inspectAttempt.ts"
import { killCommand } from "../process/killCommand.ts"
import { signalGroup } from "../process/posix.ts"
import type { AttemptTree } from "../process/remains.ts"
import {
  isWayLost,
  sendEof,
  sendStdin,
  type StdinBlocked,
  type StdinClosed
} from "../process/stdin.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { type Call, handle, toProblem } from "../call/Call.ts"
import { readDone, writeDone } from "../creation/done.ts"
import { type Awaited, makeReply } from "../logs/reply.ts"
import { View } from "../view/View.ts"
import { wrongField } from "../call/wrongField.ts"
import { makeTimeLimit, waitMsOf } from "../waiting/waiting.ts"

const notSending = (id: string, message: string, hint: Hint) =>
  problem("IllegalTransition", `task ${id} ${message}`, hint, { id })

const undelivered = (id: string, error: StdinClosed | StdinBlocked) => {
  const what = error._tag === "StdinClosed" ? "has closed its stdin" : "does not read its stdin"
  return notSending(
    id,
    `${what}; ${error.deliveredBytes} bytes were delivered`,
    sentence`Run ${callOf("status")} and ${callOf("logs")} to see its state.`
  )
}

/** The command still reads its stdin, but nobody can write to it: it would wait forever. */
const unreachable = (id: string, name: string, dir: string) =>
  notSending(
    id,
    `has no stdin any more: ${join(dir, name)} was removed`,
    sentence`Nothing was sent. Use ${callOf("restart")} to run it again.`
  )

const maybeDelivered = (id: string) =>
  notSending(
    id,
    "may have received all or part of the text: the engine ended during the write",
    "Check the task's logs before you send it again. Nothing was sent twice."
  )

/** Rejects an invalid wait before anything is delivered. */
const checkAwaited = ({ quietMs, until }: Input<"send">): Problem | null => {
  if (until === undefined) return null
  if (quietMs !== undefined)
    return wrongField("quietMs", "cannot be combined with until", "Remove one of them.")
  const compiled = compilePattern(until)
  return Result.isFailure(compiled)
    ? wrongField("until", compiled.failure.message, compiled.failure.hint)
    : null
}

const awaitedOf = ({ quietMs, until }: Input<"send">): Awaited | null => {
  if (until !== undefined) return { until }
  return quietMs === undefined ? null : { quietMs }
}

const check = (input: Input<"send">, { id, state, spec }: Task): Problem | null => {
  const { text, eof, signal } = input
  const writes = text !== undefined || eof === true
  if (!writes && signal === undefined)
    return wrongField("text", "is missing", "Add text, eof or signal.")
  if (state.status !== "running")
    return withTry(
      notSending(id, `is ${state.status}`, "Only a running task accepts send."),
      "why",
      { id }
    )
  if (writes && spec.stdin.kind !== "open")
    return notSending(id, "has no open stdin", 'Start it with "stdin": "open".')
  return checkAwaited(input)
}

/**
 * Signals the group only if its leader is the recorded process. SIGKILL spares the shim, which
 * records the end.
 */
const signalAttempt = (tree: AttemptTree, signal: NodeJS.Signals): Effect.Effect<boolean> => {
  const state = inspectAttempt(tree.dir)
  if (state.kind !== "alive" || !state.shimAlive || state.identity === null)
    return Effect.succeed(false)
  return signal === "SIGKILL"
    ? killCommand(tree)
    : Effect.succeed(signalGroup(state.identity.pid, signal))
}

/** Builds the functions that read and record the delivery of a call. */
const makeNotes = Effect.gen(function* () {
  const requests = yield* RequestStore
  const database = yield* Database
  return {
    find: ({ caller }: Call) =>
      caller.repeated === true
        ? Effect.mapError(requests.find(caller.requestId), toProblem)
        : Effect.succeed(null),
    note: ({ caller }: Call, answer: Output<"send"> | null) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        yield* Effect.mapError(
          database.transact(requests.note(caller.requestId, now, writeDone({ answer }))),
          toProblem
        )
      })
  }
})

/** The call that reads later output. Another `send` would send the text twice. */
const laterOf = ({ id, until }: Input<"send">, cursor: string | undefined): Try => {
  const since = cursor === undefined ? {} : { since: cursor }
  return until === undefined
    ? { operation: "logs", payload: { id, ...since } }
    : { operation: "wait", payload: { id, for: { log: until }, ...since } }
}

/** The handler of `send`. */
export const makeSendHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const view = yield* View
  const notes = yield* makeNotes
  const reply = yield* makeReply
  const limitTime = yield* makeTimeLimit

  const deliver = Effect.fnUntraced(function* (
    { id, text, eof, signal }: Input<"send">,
    tree: AttemptTree
  ) {
    const { dir } = tree
    if (text !== undefined) {
      if (isWayLost(dir)) return yield* Effect.fail(unreachable(id, "stdin", dir))
      yield* Effect.mapError(sendStdin(dir, text), (error) => undelivered(id, error))
    }
    const ended = eof === true ? sendEof(dir) : null
    if (ended === "missing") return yield* Effect.fail(unreachable(id, "eof", dir))
    const signalled = signal !== undefined && (yield* signalAttempt(tree, signal))
    if (signal !== undefined && !signalled) {
      return yield* Effect.fail(notSending(id, "has no live process group", "See status."))
    }
    return {
      id,
      bytesWritten: Buffer.byteLength(text ?? ""),
      ...(ended === "sent" ? { eof: true } : {}),
      ...(signalled ? { signalled } : {})
    }
  })

  /**
   * Delivers once, however often the call is repeated. The cursor is that of the first delivery.
   */
  const deliverOnce = (input: Input<"send">, call: Call) =>
    Effect.gen(function* () {
      const recorded = yield* notes.find(call)
      if (recorded !== null)
        return readDone(recorded).answer ?? (yield* Effect.fail(maybeDelivered(input.id)))
      const task = yield* view.afterActing(input.id)
      const rejection = check(input, task)
      if (rejection !== null) return yield* Effect.fail(rejection)
      // On a full disk the text is delivered without a record, except for a repeated call, whose
      // earlier delivery would then be unknown.
      const recording = notes.note(call, null)
      yield* call.caller.repeated === true ? recording : Effect.ignore(recording)
      const cursor = reply.cursorOf(task)
      const answer = { ...(yield* deliver(input, treeOf(root, task))), cursor }
      yield* Effect.ignore(notes.note(call, answer))
      return answer
    })

  return handle(operations.send, (input, call) =>
    Effect.gen(function* () {
      const delivered = yield* deliverOnce(input, call)
      const awaited = awaitedOf(input)
      if (awaited === null) return delivered
      const task = yield* view.find(input.id)
      const collected = yield* limitTime(reply.collect(task, delivered.cursor, awaited), {
        ms: waitMsOf(call),
        ids: [input.id],
        call,
        again: laterOf(input, delivered.cursor),
        output: true
      })
      return { ...delivered, ...collected }
    })
  )
})
