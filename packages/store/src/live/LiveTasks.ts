/**
 * The tasks that have not ended, in memory, sorted as the queries need them. The journal can roll
 * back each change.
 */
import { dueAt, holdsSlot, isFinal, type TaskStatus } from "@backbeat/core/task/TaskState"
import type { Task } from "@backbeat/core/task/Task"
import type { ReadyFilter } from "../TaskStore.ts"
import type { Journal } from "./Journal.ts"
import { Counts } from "./Counts.ts"
import { byDue, bySeq, byTurn, type Entry } from "./Entry.ts"
import { SortedList } from "./SortedList.ts"

/**
 * The queued tasks of one queue: by batch those that may run now, and those that wait for a time.
 */
class WaitingTasks {
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

/** The live tasks, with the indexes and counters of the TaskStore's queries. */
export class LiveTasks {
  readonly #entries = new Map<string, Entry>()
  readonly #timed = new SortedList<Entry>(byDue)
  readonly #waiting = new Map<string, WaitingTasks>()
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

  /**
   * Sets the entry of a task, and removes it if the task has ended. Rolled back with its
   * transaction.
   */
  put(entry: Entry): void {
    const { id, state } = entry.task
    const before = this.#entries.get(id)
    const after = isFinal(state.status) ? undefined : entry
    this.#journal.onRollback(() => this.#replace(after, before))
    this.#replace(before, after)
  }

  /** Removes a task. Rolled back with its transaction. */
  remove(id: string): void {
    const before = this.#entries.get(id)
    this.#journal.onRollback(() => this.#replace(undefined, before))
    this.#replace(before, undefined)
  }

  #replace(before: Entry | undefined, after: Entry | undefined): void {
    if (before !== undefined) this.#removeEntry(before)
    if (after !== undefined) this.#addEntry(after)
  }

  #addEntry(entry: Entry): void {
    const { id, spec, state } = entry.task
    this.#entries.set(id, entry)
    if (dueAt(state) !== null) this.#timed.add(entry)
    if (isWaiting(entry)) {
      const waiting = this.#waiting.get(spec.queue) ?? new WaitingTasks()
      waiting.add(entry)
      this.#waiting.set(spec.queue, waiting)
    }
    if (holdsSlot(state)) this.#count(entry, 1)
  }

  #removeEntry(entry: Entry): void {
    const { id, spec, state } = entry.task
    this.#entries.delete(id)
    this.#timed.remove(entry)
    if (isWaiting(entry)) {
      const waiting = this.#waiting.get(spec.queue)
      waiting?.remove(entry)
      if (waiting?.isEmpty === true) this.#waiting.delete(spec.queue)
    }
    if (holdsSlot(state)) this.#count(entry, -1)
  }

  #count(entry: Entry, by: 1 | -1): void {
    this.#busy.add(entry.task.spec.queue, by)
    const batch = batchOf(entry)
    if (batch !== null) this.#busyOfBatch.add(batch, by)
  }

  /** The tasks in these statuses, oldest first. */
  inStatus(statuses: ReadonlyArray<TaskStatus>): ReadonlyArray<Task> {
    return [...this.#entries.values()]
      .filter(({ task }) => statuses.includes(task.state.status))
      .toSorted(bySeq)
      .map(({ task }) => task)
  }

  /** Queued tasks that may run, in order; of a batch only as many as its limit allows. */
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
      return batch === null || first === undefined
        ? inTurn
        : inTurn.slice(0, this.#freeSlotsOf(first))
    })
    const all = others.length === 0 ? (only ?? []) : [only ?? [], ...others].flat().toSorted(byTurn)
    return all.slice(0, limit).map(({ task }) => task)
  }

  /** How many more tasks of the entry's batch may run. */
  #freeSlotsOf({ task: { lineage } }: Entry): number {
    const { batch } = lineage
    return batch === undefined ? 0 : Math.max(0, batch.limit - this.#busyOfBatch.of(batch.id))
  }

  /** The number of taken slots of each queue. */
  busy(): Readonly<Record<string, number>> {
    return this.#busy.all()
  }

  /** The number of tasks of a batch that take a slot. */
  busyOfBatch(batch: string): number {
    return this.#busyOfBatch.of(batch)
  }

  /** The names of the queues with queued tasks. */
  waitingQueues(): ReadonlyArray<string> {
    return [...this.#waiting.keys()].toSorted()
  }

  /** The tasks that wait for a time, the earliest due time first. */
  awaitingTime(): ReadonlyArray<Task> {
    return [...this.#timed].map(({ task }) => task)
  }
}
