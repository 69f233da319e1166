/** Tasks, history, transactions and disk as one value, for tests that need all of them. */
import { Database } from "@backbeat/store/Database"
import { Disk } from "@backbeat/store/Disk"
import { History } from "@backbeat/store/History"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"

/** The four ports. */
export type WholeStore = TaskStore["Service"] &
  History["Service"] &
  Database["Service"] &
  Disk["Service"]

/** Combines them. */
export const wholeStore: Effect.Effect<WholeStore, never, TaskStore | History | Database | Disk> =
  Effect.map(
    Effect.all([TaskStore, History, Database, Disk]),
    ([tasks, history, database, disk]) => ({ ...tasks, ...history, ...database, ...disk })
  )
