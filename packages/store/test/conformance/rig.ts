/** Shared by the parts of the conformance suite. */
import { type WholeStore } from "../wholeStore.ts"
import * as Effect from "effect/Effect"
import type { Task } from "@backbeat/core/task/Task"
import type { Change } from "@backbeat/store/TaskStore"

export type Store = WholeStore

/** The store under test: its name, and a function that runs an effect with a new store. */
export interface Rig {
  readonly name: string
  readonly run: <A, E>(body: (store: Store) => Effect.Effect<A, E>) => Promise<A>
}

/** The ids of tasks. */
export const ids = (tasks: ReadonlyArray<Task>) => tasks.map(({ id }) => id)

/** The sequences of events. */
export const sequences = (events: ReadonlyArray<{ readonly sequence: number }>) =>
  events.map(({ sequence }) => sequence)

/** The numbers from 1 to `count`. */
export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** Records all changes in one transaction. */
export const recordAll = (store: Store, changes: ReadonlyArray<Change>) =>
  store.transact(store.record(changes))

/** Records the changes one by one. */
export const create = (store: Store, changes: ReadonlyArray<Change>) =>
  Effect.forEach(changes, (made) => recordAll(store, [made]), { discard: true })
