/** Tasks, their history, the transactions over both and the disk below them as one, for tests that need all of it. */
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

/** Puts them together. */
export const wholeStore: Effect.Effect<WholeStore, never, TaskStore | History | Database | Disk> =
  Effect.map(
    Effect.all([TaskStore, History, Database, Disk]),
    ([tasks, history, database, disk]) => ({ ...tasks, ...history, ...database, ...disk })
  )
