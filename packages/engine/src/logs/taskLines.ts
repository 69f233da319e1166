/** Streams the lines of a task over all its attempts, until it has ended. */
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TaskStore } from "@backbeat/store/TaskStore"
import { readableDir } from "../output/readableDir.ts"
import { attemptDir, Home } from "../home/Home.ts"
import { type MonitoredAttempt, MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { TaskMissing } from "../commit/Transitions.ts"
import { makeWaitUntil } from "../commit/until.ts"
import { follow, type FollowedLine } from "../output/follow.ts"
import { watchOutput } from "../output/Growth.ts"
import type { InvalidLogQuery } from "../output/InvalidLogQuery.ts"
import type { OutputStream } from "../output/OutputStream.ts"
import { once } from "../wiring/once.ts"

/** Which lines to read: `attempt` is the first attempt, `since` a cursor in it. */
export interface LineQuery {
  readonly id: string
  readonly attempt: number
  readonly since?: string | undefined
  readonly stream?: "both" | OutputStream | undefined
  readonly grep?: string | undefined
  readonly ignoreCase?: boolean | undefined
  readonly ansi?: boolean | undefined
  /** Reads the raw events of an agent instead of their text. */
  readonly raw?: boolean | undefined
  /** Also reads an incomplete line when it has not grown for so many milliseconds. */
  readonly idleLineMs?: number | undefined
  /** Ends after this attempt, not with the task. */
  readonly single?: boolean | undefined
  /** Called when an attempt has ended and all its lines were read. */
  readonly onDelivered?: ((attempt: number) => void) | undefined
}

/**
 * Fails with InvalidLogQuery for `since` and `grep`, and with TaskMissing if the task is pruned.
 */
export type TaskLines = (
  query: LineQuery
) => Stream.Stream<FollowedLine, InvalidLogQuery | TaskMissing | StoreError>

const hasAttemptEnded = ({ state }: Task, attempt: number): boolean =>
  state.attempt > attempt ||
  (state.status !== "running" &&
    state.status !== "stopping" &&
    state.attempt === attempt &&
    state.status !== "queued")

const ofLive = ({ dir, output, readable }: MonitoredAttempt, { raw }: LineQuery) =>
  raw === true ? { dir, watch: output } : readable

/** Watches the output of an attempt that the engine does not monitor. */
const ofEnded = (dir: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => watchOutput(dir, { onGrowth: () => {} })),
      (own) => Effect.sync(() => own.close())
    ),
    (watch) => ({ dir, watch })
  )

/** Builds the streams of lines. */
export const makeTaskLines = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const monitored = yield* MonitoredAttempts
    const store = yield* TaskStore
    const supervisor = yield* Supervisor
    const until = yield* makeWaitUntil

    const dirOf = Effect.fnUntraced(function* ({ id, raw }: LineQuery, attempt: number) {
      const task = yield* store.find(id)
      return task === null || raw === true
        ? attemptDir(root, id, attempt)
        : readableDir(root, task, attempt)
    })

    const oneAttempt = (query: LineQuery, attempt: number, since: string | undefined) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const live = monitored.find(query.id)
          const { dir, watch } =
            live?.attempt === attempt
              ? ofLive(live, query)
              : yield* ofEnded(yield* dirOf(query, attempt))
          return follow({
            attempt,
            dir,
            watch,
            ended: Effect.ignore(until(query.id, (task) => hasAttemptEnded(task, attempt))),
            hurried: true,
            idleLineMs: query.idleLineMs,
            ...(since === undefined ? {} : { since }),
            ...(query.stream === undefined ? {} : { stream: query.stream }),
            ...(query.grep === undefined ? {} : { grep: query.grep }),
            ...(query.ignoreCase === undefined ? {} : { ignoreCase: query.ignoreCase }),
            ...(query.ansi === undefined ? {} : { ansi: query.ansi })
          })
        })
      )

    /** Waits for the next attempt to start; none if the task has ended without another. */
    const nextAttempt = Effect.fnUntraced(function* (query: LineQuery, from: number) {
      const hasStarted = (task: Task) =>
        isFinal(task.state.status) ||
        (task.state.attempt >= from &&
          task.state.status !== "queued" &&
          task.state.status !== "blocked")
      const task = yield* until(query.id, hasStarted)
      yield* supervisor.acted([query.id])
      return task.state.attempt >= from ? Option.some(from) : Option.none<number>()
    })

    const lines: TaskLines = (query) =>
      Stream.flatMap(
        Stream.paginate(query.attempt, (attempt: number) =>
          Effect.gen(function* () {
            const started = yield* nextAttempt(query, attempt)
            if (started._tag === "None") return [[], Option.none<number>()] as const
            const since = attempt === query.attempt ? query.since : undefined
            const next = query.single === true ? Option.none<number>() : Option.some(attempt + 1)
            const all = Stream.catchTag(oneAttempt(query, attempt, since), "OutputGone", () =>
              Stream.fail(new TaskMissing({ id: query.id }))
            )
            const whole = Stream.onEnd(
              all,
              Effect.sync(() => query.onDelivered?.(attempt))
            )
            return [[whole], next] as const
          })
        ),
        (attempt) => attempt
      )
    return lines
  })
)
