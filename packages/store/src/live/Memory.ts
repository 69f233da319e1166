/** The live tasks and their waits in memory: loaded at first use, then updated by each write. */
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
  let isLoaded = false

  const add = (found: ReadonlyArray<LiveTask>): void => {
    for (const each of found) {
      tasks.put(each)
      waits.set(each.task.id, each.waitsFor)
    }
  }

  /** Loads the memory, unless it is loaded. After a failure, the next use tries again. */
  const loaded: Effect.Effect<void, StoreError> = Effect.suspend(() =>
    isLoaded
      ? Effect.void
      : Effect.map(rows.live(null), (found) => {
          add(found)
          isLoaded = true
          journal.onRollback(() => {
            isLoaded = false
          })
        })
  )

  /** Reloads tasks that another writer has changed. */
  const refresh = (ids: ReadonlyArray<string>): Effect.Effect<void, StoreError> =>
    Effect.suspend(() => {
      const dependents = waits.on(new Set(ids)).map(({ id }) => id)
      const stale = [...new Set([...ids, ...dependents])]
      return Effect.map(rows.live(stale), (found) => {
        for (const id of stale) {
          tasks.remove(id)
          waits.set(id, [])
        }
        add(found)
      })
    })

  return { tasks, waits, loaded, refresh }
}

/** The live tasks in memory. */
export type Memory = ReturnType<typeof makeMemory>
