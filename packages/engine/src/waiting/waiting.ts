/** Waiting on behalf of a caller, never longer than it wants. What is waited for goes on when the wait ends. */
import { AskingSurface } from "../call/written.ts"
import { callOf, sentence } from "@backbeat/contract/Text"
import { present } from "@backbeat/contract/cutTask"
import { countOf } from "@backbeat/contract/Ends"
import { type Problem, problem, type Try, withTry } from "@backbeat/contract/Problem"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { History } from "@backbeat/store/History"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { watchWarnings } from "../alarm/onChange.ts"
import { Home } from "../home/Home.ts"
import { describeWasHeld } from "../process/heldPort.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { makeWaitUntil, makeUntilEnded } from "../commit/until.ts"
import { wholeEnd } from "../output/lastLinesOf.ts"
import { type Call, toProblem } from "../call/Call.ts"
import { makeLastLines, makeReadLastLines } from "../view/lastLines.ts"
import { makeNeverReady } from "../logs/neverReady.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { makeShowEndedPipeline } from "../view/showEndedPipeline.ts"
import { waitedMs } from "../call/timeLeft.ts"
import { View } from "../view/View.ts"
import { once } from "../wiring/once.ts"

/** How long a wait lasts when the caller does not say, in milliseconds. */
const defaultWaitMs = 60_000

/** How long the caller wants to wait, in milliseconds. */
export const waitMsOf = ({ flags }: Call): number =>
  flags.timeout === undefined ? defaultWaitMs : flags.timeout * 1000

/** What a wait is limited by: how long the caller wants to wait, in milliseconds, for which tasks. */
export interface TimeLimit {
  readonly ms: number
  readonly ids: ReadonlyArray<string>
  readonly call: Call
  /** The call that waits on; the `wait` for the ends of the ids when absent. */
  readonly again?: Try
  /** Whether the wait is for output: the place in the history is no cursor of a log. */
  readonly output?: boolean
}

const waitAgain = ({ ids, again }: TimeLimit): Try => {
  const [id] = ids
  return (
    again ?? { operation: "wait", payload: ids.length === 1 && id !== undefined ? { id } : { ids } }
  )
}

/** Ends a wait: retryable, with the place in the history from which to go on. */
export const makeTimeLimit = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const readLines = yield* makeReadLastLines
    const history = yield* History
    const view = yield* View
    const lives = yield* MonitoredAttempts
    const pipelines = yield* makePipelineView

    /** The task that has the id, or all of a pipeline. */
    const tasksOf = Effect.fnUntraced(function* (id: string) {
      const { task, pipeline } = yield* view.named(id)
      return task === null
        ? { task, tasks: yield* pipelines.tasksOf(pipeline) }
        : { task, tasks: [task] }
    })

    /** How what was waited for stands: of one its status and last lines, of several how many are in each status. */
    const standing = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
      const surface = yield* AskingSurface
      const found = yield* Effect.forEach(ids, tasksOf)
      const [one] = found.flatMap(({ task }) => task ?? [])
      if (one === undefined || ids.length > 1)
        return present({
          counts: countOf(found.flatMap(({ tasks }) => tasks.map(({ state }) => state.status))),
          warnings: watchWarnings(root, surface)
        })
      const { status, health } = yield* view.show(one)
      const held = health === "ready" ? null : lives.heldPort(one)
      return present({
        status,
        health,
        lastLines: yield* readLines(one, wholeEnd),
        warnings: [
          ...(held === null ? [] : [describeWasHeld(held)]),
          ...watchWarnings(root, surface)
        ]
      })
    })

    return Effect.fnUntraced(function* <A>(waiting: Effect.Effect<A, Problem>, limit: TimeLimit) {
      const { ms, ids, call, output } = limit
      const { operation, payload } = waitAgain(limit)
      const now = yield* Clock.currentTimeMillis
      return yield* Effect.timeoutOrElse(waiting, {
        duration: Math.max(0, ms - waitedMs(call, now)),
        orElse: () =>
          Effect.gen(function* () {
            const cursor = yield* Effect.mapError(history.lastSequence, toProblem)
            return yield* Effect.fail(
              withTry(
                problem(
                  "TaskWaitTimedOut",
                  `wait timed out after ${ms} ms: ${ids.slice(0, 10).join(", ")}${ids.length > 10 ? ` and ${ids.length - 10} more` : ""}`,
                  sentence`The tasks continue. Call ${callOf("wait")} again, or read ${callOf("status")} later.`,
                  {
                    ids,
                    timeoutMs: ms,
                    ...(yield* standing(ids)),
                    ...(output === true ? {} : { cursor: String(cursor) })
                  }
                ),
                operation,
                payload
              )
            )
          })
      })
    })
  })
)

/** Of a batch: the task or pipeline as it is, when the time was up first. Each item is told whether it was accepted; made once. */
export const makeOrAsItIs = once(
  Effect.gen(function* () {
    const view = yield* View
    const pipelines = yield* makePipelineView

    const asItIs = Effect.fnUntraced(function* (id: string) {
      const { task, pipeline } = yield* view.named(id)
      return task === null
        ? { pipeline: yield* pipelines.show(pipeline), timedOut: true }
        : { task: yield* view.show(task), timedOut: true }
    })
    return <A>(id: string, ended: Effect.Effect<A, Problem>) =>
      Effect.catchIf(
        ended,
        ({ type }) => type === "TaskWaitTimedOut",
        () => asItIs(id)
      )
  })
)

/** Waits until a task has come to an attempt, or ended before it, and gives it as it is when that was acted on; made once. */
export const makeUntilAttempt = once(
  Effect.gen(function* () {
    const until = yield* makeWaitUntil
    const view = yield* View
    return Effect.fnUntraced(function* (id: string, attempt: number) {
      yield* Effect.mapError(
        until(id, ({ state }) => state.attempt >= attempt || isFinal(state.status)),
        toProblem
      )
      return yield* view.settled(id)
    })
  })
)

/** Whether nobody waits for it any more: it has ended, or is ready, where it says how that shows. */
const isOver = ({ state, spec }: Task): boolean =>
  isFinal(state.status) ||
  (spec.readyWhen !== null && state.status === "running" && state.health === "ready")

/** Waits for the end of a task, or until it is ready, as the flags --wait and --timeout say, and shows it; made once. */
export const makeShowEnd = once(
  Effect.gen(function* () {
    const until = yield* makeWaitUntil
    const view = yield* View
    const lastLines = yield* makeLastLines
    const neverReady = yield* makeNeverReady
    const limitTime = yield* makeTimeLimit
    return Effect.fnUntraced(function* (id: string, call: Call) {
      const ended = Effect.mapError(until(id, isOver), toProblem)
      const { spec } = yield* view.find(id)
      const again =
        spec.readyWhen === null
          ? {}
          : { again: { operation: "wait", payload: { id, for: "ready" } } }
      const task = yield* limitTime(ended, { ms: waitMsOf(call), ids: [id], call, ...again })
      return {
        task: yield* view.show(task),
        ...(yield* neverReady(task)),
        ...(yield* lastLines(task))
      }
    })
  })
)

/** Waits for the end of a pipeline as the flags --wait and --timeout say, and shows it; made once. */
export const makeShowPipelineEnd = once(
  Effect.gen(function* () {
    const { find } = yield* makePipelineView
    const untilEnded = yield* makeUntilEnded
    const showEnded = yield* makeShowEndedPipeline
    const limitTime = yield* makeTimeLimit
    return Effect.fnUntraced(function* (id: string, call: Call) {
      return yield* showEnded(
        yield* limitTime(Effect.mapError(untilEnded(id, find(id)), toProblem), {
          ms: waitMsOf(call),
          ids: [id],
          call
        })
      )
    })
  })
)
