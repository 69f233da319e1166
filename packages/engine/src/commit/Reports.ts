/** What is seen of a running attempt, as commands on its task. Reports of an attempt that is no longer the current one are dropped. */
import { engine, limit } from "@backbeat/core/task/Actor"
import type { Failure } from "@backbeat/core/task/Failure"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { StoreError } from "@backbeat/store/StoreError"
import { Disk } from "@backbeat/store/Disk"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isOver, MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { Transitions } from "./Transitions.ts"

/** A task's attempt; the number fences off reports that come late. */
export interface AttemptKey {
  readonly id: string
  readonly attempt: number
  /** Set by the stop itself: only it may report the end of what is stopping, for it has seen that nothing is alive. */
  readonly byStop?: true
}

/** Reports on attempts. */
export class Reports extends Context.Service<
  Reports,
  {
    /** Never fails: what cannot be stored is reported again, what no longer applies is dropped. */
    readonly report: (key: AttemptKey, command: TaskCommand) => Effect.Effect<void>
    /** Fails once a report of one of these tasks, of any when they are null, could not be stored for some seconds; never ends otherwise. */
    readonly unstored: (ids: ReadonlyArray<string> | null) => Effect.Effect<never, StoreError>
  }
>()("@backbeat/engine/Reports") {}

/** How long, in milliseconds, until a report that could not be stored (a full disk) is made again, after the first time. */
const storeRetryMs = 2000
/** How often it is tried before those are told that wait for it: the third try comes after some seconds. */
const triesUntilTold = 3

/** What has happened though it cannot be stored. */
const happened = ({ id, byStop }: AttemptKey, { type }: TaskCommand): string => {
  if (type !== "End") return `a change of task ${id} (${type.toLowerCase()}) cannot be stored`
  return byStop === true
    ? `the processes of task ${id} are gone, but this cannot be stored`
    : `the command of task ${id} has ended, but this cannot be stored`
}

/** The reports that cannot be stored, by task, for whoever waits for them. */
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
      // Who is told may wait again at once, for the next try.
      for (const listener of new Set(listeners)) listener()
    },
    forget: ({ id }: AttemptKey): void => void errors.delete(id),
    await: (ids: ReadonlyArray<string> | null): Effect.Effect<never, StoreError> =>
      Effect.callback((resume) => {
        const look = () => {
          const [error] = ids === null ? errors.values() : ids.flatMap((id) => errors.get(id) ?? [])
          if (error !== undefined) resume(Effect.fail(error))
        }
        // Only the next try tells: there may be room since the last one.
        listeners.add(look)
        return Effect.sync(() => void listeners.delete(look))
      })
  }
}

const finish: TaskCommand = { type: "Finish" }

const isOfTime = ({ type }: Failure): boolean => type === "TimedOut" || type === "StalledOutput"

const make = Effect.gen(function* () {
  const store = yield* TaskStore
  const disk = yield* Disk
  const transitions = yield* Transitions
  const unstored = makeUnstored()
  const lives = yield* MonitoredAttempts

  /** What an agent has told of its work counts more than that its process took too long to exit. */
  const hasResult = ({ id, attempt }: AttemptKey, command: TaskCommand): boolean => {
    const live = lives.find(id)
    return (
      command.type === "Limit" &&
      isOfTime(command.failure) &&
      live?.attempt === attempt &&
      live.hasResult()
    )
  }

  /** The record may have come while the commit waited for its turn. */
  const isOnRecord = ({ id, attempt }: AttemptKey): boolean => {
    const live = lives.find(id)
    return live?.attempt === attempt && isOver(live)
  }

  const again = (key: AttemptKey, command: TaskCommand, tries: number): Effect.Effect<void> =>
    Effect.sleep(tries === 0 ? 0 : storeRetryMs).pipe(
      // Each time, for what was freed meanwhile may have been kept again.
      Effect.andThen(disk.makeRoom(tries)),
      Effect.andThen(Effect.suspend(() => attempt(key, command, tries + 1)))
    )

  const attempt = (key: AttemptKey, command: TaskCommand, tries: number): Effect.Effect<void> =>
    transitions
      .commit((tx) =>
        Effect.gen(function* () {
          const task = yield* store.find(key.id)
          if (task === null || task.state.attempt !== key.attempt) return
          if (command.type === "Limit" && isOnRecord(key)) return
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
            if (tries + 1 >= triesUntilTold) unstored.note(key, command, error)
            yield* again(key, command, tries)
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

/** Reports on the given transitions. */
export const layerReports = Layer.effect(Reports, make)
