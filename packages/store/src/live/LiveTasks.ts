/** The tasks that have not ended, as plain values in the orders in which they are asked for. Each change is noted in the journal. */
import { dueAt, holdsSlot, isFinal, type TaskStatus } from "@backbeat/core/task/TaskState"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskPlace } from "../TaskRows.ts"
import type { ReadyFilter } from "../TaskStore.ts"
import type { Journal } from "./Journal.ts"
import { Counts } from "./Counts.ts"
import { SortedList } from "./SortedList.ts"

/** A task with its places. */
export interface Entry extends TaskPlace {
  readonly task: Task
}

type Order = (one: Entry, other: Entry) => number

const bySeq: Order = (one, other) => one.seq - other.seq

/** The longest due first. */
const byDue: Order = (one, other) =>
  (dueAt(one.task.state) ?? 0) - (dueAt(other.task.state) ?? 0) || bySeq(one, other)

/** P0, P1, P2, and in each the first queued first. */
export const byTurn: Order = (one, other) => {
  const [first, second] = [one.task.spec.priority, other.task.spec.priority]
  if (first !== second) return first < second ? -1 : 1
  return one.queuedSeq - other.queuedSeq || bySeq(one, other)
}

/** The queued tasks of one queue: those that may run at any time by their batch, and those that wait for a time. */
class Waiting {
  readonly ready = new Map<string | null, SortedList<Entry>>()
  readonly later = new SortedList<Entry>(byDue)

  get isEmpty(): boolean {
    return this.ready.size === 0 && this.later.size === 0
  }

  add(entry: Entry): void {
    if (dueAt(entry.task.state) !== null) return this.later.add(entry)
    const batch = batchOf(entry)
    const list = this.ready.get(batch) ?? new SortedList<Entry>(byTurn)
    list.add(entry)
    this.ready.set(batch, list)
  }

  remove(entry: Entry): void {
    if (dueAt(entry.task.state) !== null) return this.later.remove(entry)
    const batch = batchOf(entry)
    const list = this.ready.get(batch)
    list?.remove(entry)
    if (list?.size === 0) this.ready.delete(batch)
  }
}

const batchOf = ({ task }: Entry): string | null => task.lineage.batch?.id ?? null

const isWaiting = ({ task }: Entry): boolean => task.state.status === "queued"

/** The live tasks. */
export class LiveTasks {
  readonly #entries = new Map<string, Entry>()
  readonly #timed = new SortedList<Entry>(byDue)
  readonly #waiting = new Map<string, Waiting>()
  readonly #busy = new Counts()
  readonly #busyOfBatch = new Counts()
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
  }

  get size(): number {
    return this.#entries.size
  }

  find(id: string): Entry | undefined {
    return this.#entries.get(id)
  }

  /** Sets a task in place of what it was before; one that has ended is forgotten. Taken back with its transaction. */
  put(entry: Entry): void {
    const { id, state } = entry.task
    const before = this.#entries.get(id)
    const after = isFinal(state.status) ? undefined : entry
    this.#journal.undo(() => this.#replace(after, before))
    this.#replace(before, after)
  }

  /** Forgets a task. Taken back with its transaction. */
  forget(id: string): void {
    const before = this.#entries.get(id)
    this.#journal.undo(() => this.#replace(undefined, before))
    this.#replace(before, undefined)
  }

  #replace(before: Entry | undefined, after: Entry | undefined): void {
    if (before !== undefined) this.#remove(before)
    if (after !== undefined) this.#add(after)
  }

  #add(entry: Entry): void {
    const { id, spec, state } = entry.task
    this.#entries.set(id, entry)
    if (dueAt(state) !== null) this.#timed.add(entry)
    if (isWaiting(entry)) {
      const its = this.#waiting.get(spec.queue) ?? new Waiting()
      its.add(entry)
      this.#waiting.set(spec.queue, its)
    }
    if (holdsSlot(state)) this.#count(entry, 1)
  }

  #remove(entry: Entry): void {
    const { id, spec, state } = entry.task
    this.#entries.delete(id)
    this.#timed.remove(entry)
    if (isWaiting(entry)) {
      const its = this.#waiting.get(spec.queue)
      its?.remove(entry)
      if (its?.isEmpty === true) this.#waiting.delete(spec.queue)
    }
    if (holdsSlot(state)) this.#count(entry, -1)
  }

  #count(entry: Entry, by: 1 | -1): void {
    this.#busy.add(entry.task.spec.queue, by)
    const batch = batchOf(entry)
    if (batch !== null) this.#busyOfBatch.add(batch, by)
  }

  /** Those in one of these statuses, the oldest first. */
  inStatus(statuses: ReadonlyArray<TaskStatus>): ReadonlyArray<Task> {
    return [...this.#entries.values()]
      .filter(({ task }) => statuses.includes(task.state.status))
      .toSorted(bySeq)
      .map(({ task }) => task)
  }

  /** Queued tasks that may run, in the order of their turns. Of a batch they are as many as it has room for. */
  ready({ queue, now, limit }: ReadyFilter): ReadonlyArray<Task> {
    const waiting = this.#waiting.get(queue)
    if (waiting === undefined) return []
    const groups = new Map([...waiting.ready].map(([batch, list]) => [batch, list.first(limit)]))
    for (const entry of waiting.later) {
      if ((dueAt(entry.task.state) ?? 0) > now) break
      const batch = batchOf(entry)
      groups.set(batch, [...(groups.get(batch) ?? []), entry])
    }
    const [only, ...others] = [...groups].map(([batch, list]) => {
      const inTurn = list.toSorted(byTurn)
      const [first] = inTurn
      return batch === null || first === undefined ? inTurn : inTurn.slice(0, this.#roomOf(first))
    })
    const all = others.length === 0 ? (only ?? []) : [only ?? [], ...others].flat().toSorted(byTurn)
    return all.slice(0, limit).map(({ task }) => task)
  }

  /** How many more of the entry's batch may run. */
  #roomOf({ task: { lineage } }: Entry): number {
    const { batch } = lineage
    return batch === undefined ? 0 : Math.max(0, batch.limit - this.#busyOfBatch.of(batch.id))
  }

  /** How many tasks of each queue take a slot. */
  busy(): Readonly<Record<string, number>> {
    return this.#busy.all()
  }

  /** How many tasks of a batch take a slot. */
  busyOfBatch(batch: string): number {
    return this.#busyOfBatch.of(batch)
  }

  /** The names of the queues with queued tasks. */
  waitingQueues(): ReadonlyArray<string> {
    return [...this.#waiting.keys()].toSorted()
  }

  /** The tasks that wait for a time, the longest due first. */
  awaitingTime(): ReadonlyArray<Task> {
    return [...this.#timed].map(({ task }) => task)
  }
}
