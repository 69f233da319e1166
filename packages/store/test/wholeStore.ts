/** Tasks, their history and the transactions over both as one, for tests that need all three. */
import { Database } from "@backbeat/store/Database"
import { History } from "@backbeat/store/History"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"

/** The three ports. */
export type WholeStore = TaskStore["Service"] & History["Service"] & Database["Service"]

/** Puts them together. */
export const wholeStore: Effect.Effect<WholeStore, never, TaskStore | History | Database> =
  Effect.map(Effect.all([TaskStore, History, Database]), ([tasks, history, database]) => ({
    ...tasks,
    ...history,
    ...database
  }))
