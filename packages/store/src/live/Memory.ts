/** The memory of live tasks: filled at its first use, kept up by the writes that go through it. */
import * as Effect from "effect/Effect"
import type { StoreError } from "../StoreError.ts"
import type { LiveTask, TaskRows } from "../TaskRows.ts"
import type { Journal } from "./Journal.ts"
import { LiveTasks } from "./LiveTasks.ts"
import { makeWaits } from "./Waits.ts"

/** An empty memory over rows. */
export const makeMemory = ({
  rows,
  journal
}: {
  readonly rows: TaskRows["Service"]
  readonly journal: Journal
}) => {
  const tasks = new LiveTasks(journal)
  const waits = makeWaits(journal)
  let isFilled = false

  const take = (found: ReadonlyArray<LiveTask>): void => {
    for (const each of found) {
      tasks.put(each)
      waits.set(each.task.id, each.waitsFor)
    }
  }

  /** Fills the memory. Where that fails the next use tries again. */
  const filled: Effect.Effect<void, StoreError> = Effect.suspend(() =>
    isFilled
      ? Effect.void
      : Effect.map(rows.live(null), (found) => {
          take(found)
          isFilled = true
          journal.undo(() => {
            isFilled = false
          })
        })
  )

  /** Reads tasks anew that somebody else has written. */
  const refresh = (ids: ReadonlyArray<string>): Effect.Effect<void, StoreError> =>
    Effect.suspend(() => {
      const dependents = waits.on(new Set(ids)).map(({ id }) => id)
      const stale = [...new Set([...ids, ...dependents])]
      return Effect.map(rows.live(stale), (found) => {
        for (const id of stale) {
          tasks.forget(id)
          waits.set(id, [])
        }
        take(found)
      })
    })

  return { tasks, waits, filled, refresh }
}

/** What is kept in memory. */
export type Memory = ReturnType<typeof makeMemory>
