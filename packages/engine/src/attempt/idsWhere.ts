/**
 * The ids of the tasks that satisfy an effectful predicate. Checks all of them at once, so that
 * their process searches share one scan of the process table.
 */
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"

export const idsWhere = (
  tasks: ReadonlyArray<Task>,
  predicate: (task: Task) => Effect.Effect<boolean>
): Effect.Effect<ReadonlySet<string>> =>
  Effect.map(
    Effect.filter(tasks, predicate, { concurrency: "unbounded" }),
    (found) => new Set(found.map(({ id }) => id))
  )
