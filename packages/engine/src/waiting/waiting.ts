/**
 * Waits on behalf of a caller, for at most as long as it wants. The end of a wait does not affect
 * the task.
 */
import { CallerSurface } from "../call/written.ts"
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
import { maxLastLines } from "../output/lastLinesOf.ts"
import { type Call, toProblem } from "../call/Call.ts"
import { makeLastLines, makeReadLastLines } from "../view/lastLines.ts"
import { makeNeverReady } from "../logs/neverReady.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { makeShowEndedPipeline } from "../view/showEndedPipeline.ts"
import { waitedMs } from "../call/timeLeft.ts"
import { View } from "../view/View.ts"
import { once } from "../wiring/once.ts"

/** The default duration of a wait, in milliseconds. */
const defaultWaitMs = 60_000

/** How long the caller wants to wait, in milliseconds. */
export const waitMsOf = ({ flags }: Call): number =>
  flags.timeout === undefined ? defaultWaitMs : flags.timeout * 1000

/** The limit of a wait: how long the caller wants to wait (ms), for which tasks. */
export interface TimeLimit {
  readonly ms: number
  readonly ids: ReadonlyArray<string>
  readonly call: Call
  /** The call that continues the wait; absent: `wait` for the ends of the ids. */
  readonly again?: Try
  /** Whether the wait is for output. Then the place in the history is not a cursor of the log. */
  readonly output?: boolean
}

const waitAgain = ({ ids, again }: TimeLimit): Try => {
  const [id] = ids
  return (
    again ?? { operation: "wait", payload: ids.length === 1 && id !== undefined ? { id } : { ids } }
  )
}

/**
 * Builds a function that limits a wait. It fails with the retryable TaskWaitTimedOut, whose cursor
 * is the place in the history from which to continue.
 */
export const makeTimeLimit = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const readLines = yield* makeReadLastLines
    const history = yield* History
    const view = yield* View
    const monitored = yield* MonitoredAttempts
    const pipelines = yield* makePipelineView

    /** The task of the id, or all tasks of a pipeline. */
    const tasksOf = Effect.fnUntraced(function* (id: string) {
      const { task, pipeline } = yield* view.named(id)
      return task === null
        ? { task, tasks: yield* pipelines.tasksOf(pipeline) }
        : { task, tasks: [task] }
    })

    /**
     * The current state of the awaited: for one task its status and last lines, for several the
     * number of tasks in each status.
     */
    const currentState = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
      const surface = yield* CallerSurface
      // A loop has no tasks of its own here.
      const found = yield* Effect.forEach(ids, (id) =>
        Effect.orElseSucceed(tasksOf(id), () => ({ task: null, tasks: [] }))
      )
      const [one] = found.flatMap(({ task }) => task ?? [])
      if (one === undefined || ids.length > 1)
        return present({
          counts: countOf(found.flatMap(({ tasks }) => tasks.map(({ state }) => state.status))),
          warnings: watchWarnings(root, surface)
        })
      const { status, health } = yield* view.show(one)
      const otherProgram = health === "ready" ? null : monitored.heldPort(one)
      return present({
        status,
        health,
        lastLines: yield* readLines(one, maxLastLines),
        warnings: [
          ...(otherProgram === null ? [] : [describeWasHeld(otherProgram)]),
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
                    ...(yield* currentState(ids)),
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

/**
 * Builds a function that returns the current task or pipeline if the time limit of its wait is
 * reached. In a batch each item says whether it was accepted.
 */
export const makeOrCurrent = once(
  Effect.gen(function* () {
    const view = yield* View
    const pipelines = yield* makePipelineView

    const current = Effect.fnUntraced(function* (id: string) {
      const { task, pipeline } = yield* view.named(id)
      return task === null
        ? { pipeline: yield* pipelines.show(pipeline), timedOut: true }
        : { task: yield* view.show(task), timedOut: true }
    })
    return <A>(id: string, ended: Effect.Effect<A, Problem>) =>
      Effect.catchIf(
        ended,
        ({ type }) => type === "TaskWaitTimedOut",
        () => current(id)
      )
  })
)

/**
 * Builds a function that waits until a task has reached an attempt or ended, and returns it after
 * the engine has acted on that.
 */
export const makeUntilAttempt = once(
  Effect.gen(function* () {
    const until = yield* makeWaitUntil
    const view = yield* View
    return Effect.fnUntraced(function* (id: string, attempt: number) {
      yield* Effect.mapError(
        until(id, ({ state }) => state.attempt >= attempt || isFinal(state.status)),
        toProblem
      )
      return yield* view.afterActing(id)
    })
  })
)

/** Whether a wait for the task is over: it has ended, or has a readiness probe and is ready. */
const isWaitOver = ({ state, spec }: Task): boolean =>
  isFinal(state.status) ||
  (spec.readyWhen !== null && state.status === "running" && state.health === "ready")

/**
 * Builds a function that waits for the end of a task, or until it is ready, as `--wait` and
 * `--timeout` say, and shows it.
 */
export const makeShowEnd = once(
  Effect.gen(function* () {
    const until = yield* makeWaitUntil
    const view = yield* View
    const lastLines = yield* makeLastLines
    const neverReady = yield* makeNeverReady
    const limitTime = yield* makeTimeLimit
    return Effect.fnUntraced(function* (id: string, call: Call) {
      const ended = Effect.mapError(until(id, isWaitOver), toProblem)
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

/**
 * Builds a function that waits for the end of a pipeline, as `--wait` and `--timeout` say, and
 * shows it.
 */
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
