/** What is seen of a running attempt, as commands on its task. Reports of an attempt that is no longer the current one are dropped. */
import { engine, limit } from "@backbeat/core/task/Actor"
import type { Failure } from "@backbeat/core/task/Failure"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LiveAttempts } from "./LiveAttempts.ts"
import { Transitions } from "./Transitions.ts"

/** A task's attempt; the number fences off reports that come late. */
export interface AttemptKey {
  readonly id: string
  readonly attempt: number
  /** Set by the stop itself: only it may report the end of what is stopping, for it has seen that nothing is alive. */
  readonly byStop?: true
}

/** Reports on attempts. Never fails: what cannot be stored is reported again, what no longer applies is dropped. */
export class Reports extends Context.Service<
  Reports,
  { readonly report: (key: AttemptKey, command: TaskCommand) => Effect.Effect<void> }
>()("@backbeat/engine/Reports") {}

/** How long, in milliseconds, until a report that could not be stored (a full disk) is made again, after the first time. */
const storeRetryMs = 2000

const finish: TaskCommand = { type: "Finish" }

const isOfTime = ({ type }: Failure): boolean => type === "TimedOut" || type === "StalledOutput"

const make = Effect.gen(function* () {
  const store = yield* TaskStore
  const transitions = yield* Transitions
  const lives = yield* LiveAttempts

  /** What an agent has told of its work counts more than that its process took too long to exit. */
  const hasTold = ({ id, attempt }: AttemptKey, command: TaskCommand): boolean => {
    const live = lives.find(id)
    return command.type === "Limit" && isOfTime(command.failure) && live?.attempt === attempt && live.hasTold()
  }

  const again = (key: AttemptKey, command: TaskCommand, tries: number): Effect.Effect<void> =>
    Effect.sleep(tries === 0 ? 0 : storeRetryMs).pipe(
      // Each time, for what was freed meanwhile may have been kept again.
      Effect.andThen(store.makeRoom(tries)),
      Effect.andThen(Effect.suspend(() => attempt(key, command, tries + 1)))
    )

  const attempt = (key: AttemptKey, command: TaskCommand, tries: number): Effect.Effect<void> =>
    transitions
      .commit((tx) =>
        Effect.gen(function* () {
          const task = yield* store.find(key.id)
          if (task === null || task.state.attempt !== key.attempt) return
          if (command.type === "End" && task.state.status === "stopping" && key.byStop !== true) return
          const decided = hasTold(key, command) ? finish : command
          yield* tx.change(task, decided, decided.type === "Limit" ? limit : engine)
        })
      )
      .pipe(
        Effect.catchTag("IllegalTransition", () => Effect.void),
        Effect.catchTag("StoreError", (error) =>
          Effect.andThen(
            Effect.logError(`${command.type} of task ${key.id} could not be stored: ${error.message}`),
            again(key, command, tries)
          )
        )
      )

  return Reports.of({ report: (key, command) => attempt(key, command, 0) })
})

/** Reports on the given transitions. */
export const layerReports = Layer.effect(Reports, make)
