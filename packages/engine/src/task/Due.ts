/** What is due without anybody asking: delayed starts and the next attempts of the restart policy. */
import { engine } from "@backbeat/core/task/Actor"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { Alarm } from "../time/Alarm.ts"
import { persistently } from "../time/persistently.ts"
import { Transitions } from "./Transitions.ts"
import type { Committed } from "./Tx.ts"

const bringsDueTime = ({ task: { state } }: Committed): boolean =>
  state.status === "retrying" || (state.status === "queued" && state.notBefore !== null)

/** Keeps the alarm set to the earliest due time, from now on until the scope ends. */
export const keepDue = Effect.gen(function* () {
  const store = yield* TaskStore
  const transitions = yield* Transitions
  const alarm = yield* Alarm
  const run = yield* FiberSet.makeRuntime()

  /** Opens what is due, then sets the alarm to what is due next. */
  const advance: Effect.Effect<void> = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* transitions.commit((tx) =>
      Effect.flatMap(store.retriesDue(now), (tasks) =>
        Effect.forEach(
          tasks,
          (task) =>
            Effect.catchTag(
              tx.change(task, { type: "Retry" }, engine),
              "IllegalTransition",
              Effect.die
            ),
          {
            discard: true
          }
        )
      )
    )
    const at = yield* store.nextDueAt(now)
    yield* at === null ? alarm.clear("due") : alarm.set("due", at, advance)
  }).pipe(
    Effect.catch((error) =>
      Effect.andThen(
        Effect.logError(`what is due could not be looked up: ${error.message}`),
        Effect.flatMap(Clock.currentTimeMillis, (now) => alarm.set("due", now + 5000, advance))
      )
    )
  )

  transitions.onCommit((commit) => {
    if (commit.some(bringsDueTime)) run(persistently("opening what is due", advance))
  })
  yield* advance
})
