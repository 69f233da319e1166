/** A task with its position, and the orders in which tasks are asked for. */
import type { Task } from "@backbeat/core/task/Task"
import { dueAt } from "@backbeat/core/task/TaskState"
import type { DependentTask } from "../TaskStore.ts"
import type { TaskPosition } from "../TaskRows.ts"
import type { Waits } from "./Waits.ts"

/** A task with its position. */
export interface Entry extends TaskPosition {
  readonly task: Task
}

/** Compares two entries. */
export type Order = (one: Entry, other: Entry) => number

/** By creation. */
export const bySeq: Order = (one, other) => one.seq - other.seq

/** By due time, the earliest first. */
export const byDue: Order = (one, other) =>
  (dueAt(one.task.state) ?? 0) - (dueAt(other.task.state) ?? 0) || bySeq(one, other)

/** By priority, then by the order in which they were queued. */
export const byTurn: Order = (one, other) => {
  const [first, second] = [one.task.spec.priority, other.task.spec.priority]
  if (first !== second) return first < second ? -1 : 1
  return one.queuedSeq - other.queuedSeq || bySeq(one, other)
}

/** The tasks that wait for one of these, in the order of their creation. */
export const dependentsOf = (
  waits: Waits,
  find: (id: string) => Entry | undefined,
  ids: ReadonlyArray<string>
): ReadonlyArray<DependentTask> =>
  waits
    .on(new Set(ids))
    .flatMap(({ id, dependency, on }) => {
      const entry = find(id)
      return entry === undefined ? [] : [{ dependency, entry, on }]
    })
    .toSorted((one, other) => bySeq(one.entry, other.entry))
    .map(({ dependency, entry: { task }, on }) => ({ dependency, task, on }))
