/** The ids of the tasks for which `has` answers true. All are asked at once, so that their looks share one reading of the process table. */
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"

export const idsWhere = (
  tasks: ReadonlyArray<Task>,
  has: (task: Task) => Effect.Effect<boolean>
): Effect.Effect<ReadonlySet<string>> =>
  Effect.map(
    Effect.filter(tasks, has, { concurrency: "unbounded" }),
    (found) => new Set(found.map(({ id }) => id))
  )
