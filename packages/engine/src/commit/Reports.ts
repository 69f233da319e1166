/**
 * Applies what the engine observes of a running attempt to its task, as commands. Drops reports of
 * an attempt that is not the current one.
 */
import { engine, limit } from "@backbeat/core/history/Actor"
import type { Failure } from "@backbeat/core/task/Failure"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { StoreError } from "@backbeat/store/StoreError"
import { Disk } from "@backbeat/store/Disk"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isEndRecorded, MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { Transitions } from "./Transitions.ts"

/** An attempt of a task. Late reports are recognized by the number. */
export interface AttemptKey {
  readonly id: string
  readonly attempt: number
  /**
   * Set by the stop. Only the stop may report the end of a stopping attempt, because it has
   * verified that no process is alive.
   */
  readonly byStop?: true
}

/** Reports on attempts. */
export class Reports extends Context.Service<
  Reports,
  {
    /** Never fails. Retries what cannot be stored, and drops what no longer applies. */
    readonly report: (key: AttemptKey, command: TaskCommand) => Effect.Effect<void>
    /**
     * Fails when a report of one of these tasks (null: of any task) could not be stored for some
     * seconds. Otherwise it never returns.
     */
    readonly unstored: (ids: ReadonlyArray<string> | null) => Effect.Effect<never, StoreError>
  }
>()("@backbeat/engine/Reports") {}

/**
 * The delay in milliseconds before a report that could not be stored (a full disk) is retried a
 * second time. The first retry is immediate.
 */
const storeRetryMs = 2000
/** After so many failed tries the waiting callers fail: the third try comes after some seconds. */
const triesUntilReported = 3

/** Describes what happened although it cannot be stored. */
const happened = ({ id, byStop }: AttemptKey, { type }: TaskCommand): string => {
  if (type !== "End") return `a change of task ${id} (${type.toLowerCase()}) cannot be stored`
  return byStop === true
    ? `the processes of task ${id} are gone, but this cannot be stored`
    : `the command of task ${id} has ended, but this cannot be stored`
}

/** The store errors by task id, and the callers that wait for one. */
const makeUnstored = () => {
  const errors = new Map<string, StoreError>()
  const listeners = new Set<() => void>()
  return {
    note: (key: AttemptKey, command: TaskCommand, error: StoreError): void => {
      errors.set(
        key.id,
        new StoreError({
          reason: error.reason,
          message: `${happened(key, command)}: ${error.message}`
        })
      )
      // A copy, because a caller that is notified may start to wait again at once.
      for (const listener of new Set(listeners)) listener()
    },
    forget: ({ id }: AttemptKey): void => void errors.delete(id),
    await: (ids: ReadonlyArray<string> | null): Effect.Effect<never, StoreError> =>
      Effect.callback((resume) => {
        const check = () => {
          const [error] = ids === null ? errors.values() : ids.flatMap((id) => errors.get(id) ?? [])
          if (error !== undefined) resume(Effect.fail(error))
        }
        // Earlier errors do not count: there may be free space since then.
        listeners.add(check)
        return Effect.sync(() => void listeners.delete(check))
      })
  }
}

const finish: TaskCommand = { type: "Finish" }

const isTimeLimit = ({ type }: Failure): boolean => type === "TimedOut" || type === "StalledOutput"

const make = Effect.gen(function* () {
  const store = yield* TaskStore
  const disk = yield* Disk
  const transitions = yield* Transitions
  const unstored = makeUnstored()
  const monitored = yield* MonitoredAttempts

  /**
   * Whether a time limit was reached after the agent has reported its result. Then the result
   * counts.
   */
  const hasResult = ({ id, attempt }: AttemptKey, command: TaskCommand): boolean => {
    const live = monitored.find(id)
    return (
      command.type === "Limit" &&
      isTimeLimit(command.failure) &&
      live?.attempt === attempt &&
      live.hasResult()
    )
  }

  /** Whether the end was recorded while the commit waited for its turn. */
  const hasRecordedEnd = ({ id, attempt }: AttemptKey): boolean => {
    const live = monitored.find(id)
    return live?.attempt === attempt && isEndRecorded(live)
  }

  const retry = (key: AttemptKey, command: TaskCommand, tries: number): Effect.Effect<void> =>
    Effect.sleep(tries === 0 ? 0 : storeRetryMs).pipe(
      // Before each retry, because the reserve may have been filled again meanwhile.
      Effect.andThen(disk.freeSpace(tries)),
      Effect.andThen(Effect.suspend(() => attempt(key, command, tries + 1)))
    )

  const attempt = (key: AttemptKey, command: TaskCommand, tries: number): Effect.Effect<void> =>
    transitions
      .commit((tx) =>
        Effect.gen(function* () {
          const task = yield* store.find(key.id)
          if (task === null || task.state.attempt !== key.attempt) return
          if (command.type === "Limit" && hasRecordedEnd(key)) return
          if (command.type === "End" && task.state.status === "stopping" && key.byStop !== true)
            return
          const decided = hasResult(key, command) ? finish : command
          yield* tx.change(task, decided, decided.type === "Limit" ? limit : engine)
        })
      )
      .pipe(
        Effect.catchTag("IllegalTransition", () => Effect.void),
        Effect.catchTag("StoreError", (error) =>
          Effect.gen(function* () {
            yield* Effect.annotateLogs(
              Effect.logError(
                `${command.type} of task ${key.id} could not be stored: ${error.message}`
              ),
              { task: key.id }
            )
            if (tries + 1 >= triesUntilReported) unstored.note(key, command, error)
            yield* retry(key, command, tries)
          })
        )
      )

  return Reports.of({
    report: (key, command) =>
      Effect.ensuring(
        attempt(key, command, 0),
        Effect.sync(() => unstored.forget(key))
      ),
    unstored: unstored.await
  })
})

/** Reports through `Transitions`. */
export const layerReports = Layer.effect(Reports, make)
