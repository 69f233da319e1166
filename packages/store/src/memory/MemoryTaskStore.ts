/** The TaskStore in memory, for tests and trials. Its data ends with the process. */
import { workKey } from "@backbeat/core/task/workKey"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Task } from "@backbeat/core/task/Task"
import { ownerKey } from "@backbeat/core/identity/Owner"
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import { dueAt, endedAt, holdsSlot, isFinal, noCounts } from "@backbeat/core/task/TaskState"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import { TaskStore } from "../TaskStore.ts"
import type { Change, ReadyFilter, TaskFilter, TaskPage } from "../TaskStore.ts"
import { appendEvents } from "./appendEvents.ts"
import type { Journal } from "../live/Journal.ts"
import { byDue, bySeq, byTurn, dependentsOf, type Entry, type Order } from "../live/Entry.ts"
import { type Memory, MemoryDatabase } from "./MemoryDatabase.ts"
import { pageOf } from "./pageOf.ts"
import { makeWaits } from "../live/Waits.ts"

/** The TaskStore in memory. */
export const layerTaskStore = Layer.effect(
  TaskStore,
  Effect.map(MemoryDatabase, (database) => make(database))
)

const make = ({ journal, memory }: MemoryDatabase["Service"]): TaskStore["Service"] => {
  const { transact, read } = journal
  const waits = makeWaits(journal)
  const write = <A>(evaluate: () => A): Effect.Effect<A> => transact(Effect.sync(evaluate))
  const tasks = (pick: (entry: Entry) => boolean, order: Order = bySeq): ReadonlyArray<Task> =>
    [...memory.entries.values()]
      .filter(pick)
      .toSorted(order)
      .map(({ task }) => task)
  const inStatus = (statuses: ReadonlyArray<TaskStatus>) =>
    tasks(({ task }) => statuses.includes(task.state.status))
  return {
    find: (id) => read(() => memory.entries.get(id)?.task ?? null),
    record: (changes) =>
      write(() => changes.flatMap((change) => recordChange(memory, journal, change))),
    list: (filter, page) => read(() => listPage([...memory.entries.values()], filter, page)),
    inStatus: (statuses) => read(() => inStatus(statuses)),
    counts: read(() => statusCounts(tasks(() => true))),
    liveCount: read(() => tasks(({ task }) => !isFinal(task.state.status)).length),
    ready: (filter) =>
      read(() => withinBatchLimits(memory, tasks(isReady(filter), byTurn)).slice(0, filter.limit)),
    busyOfBatch: (batch) => read(() => busyOfBatch(memory, batch)),
    busy: read(() =>
      countBy(
        tasks(({ task }) => holdsSlot(task.state)),
        ({ spec }) => spec.queue
      )
    ),
    waitingQueues: read(() =>
      Object.keys(countBy(inStatus(["queued"]), ({ spec }) => spec.queue)).toSorted()
    ),
    awaitingTime: read(() => tasks(({ task }) => dueAt(task.state) !== null, byDue)),
    waitFor: (id, dependencies) => write(() => waits.set(id, dependencies)),
    waitsOf: (id) =>
      read(() =>
        waits.of(id).toSorted((one, two) => seqOf(memory, one.task) - seqOf(memory, two.task))
      ),
    dependents: (ids) => read(() => dependentsOf(waits, (id) => memory.entries.get(id), ids)),
    deleteWaits: (deleted, candidates) =>
      write(() => {
        waits.delete(deleted)
        const unblocked = [...new Set(candidates)].filter((id) => waits.of(id).length === 0)
        return unblocked.toSorted((one, two) => seqOf(memory, one) - seqOf(memory, two))
      }),
    endedBefore: (at, statuses, limit) =>
      read(() =>
        tasks(
          ({ task }) => statuses.includes(task.state.status) && (endedAt(task.state) ?? at) < at,
          byEnd
        ).slice(0, limit)
      ),
    remove: (ids) =>
      write(() => {
        const removed = removeTasks(memory, journal, ids)
        waits.delete({ ended: removed, withdrawn: removed })
        return removed
      })
  }
}

const recordChange = (memory: Memory, journal: Journal, { task, events, at, actor }: Change) => {
  const { lastSeq } = memory
  const old = memory.entries.get(task.id)
  const recorded = appendEvents(memory, journal, events, (event, sequence): RecordedTaskEvent => ({
    subject: "task",
    id: task.id,
    sequence,
    at,
    actor,
    event
  }))
  const queuing = recorded.findLast(
    ({ event }) => event.type === "task.queued" || (event.type === "task.created" && !event.blocked)
  )
  journal.onRollback(() => {
    if (old === undefined) memory.entries.delete(task.id)
    else memory.entries.set(task.id, old)
    memory.lastSeq = lastSeq
  })
  if (old === undefined) memory.lastSeq += 1
  if (!memory.ids.has(task.id)) journal.put(memory.ids, task.id, "task")
  memory.entries.set(task.id, {
    task,
    seq: old?.seq ?? memory.lastSeq,
    queuedSeq: queuing?.sequence ?? old?.queuedSeq ?? 0
  })
  return recorded
}

const removeTasks = (
  memory: Memory,
  journal: Journal,
  ids: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const { events } = memory
  const finals = [...new Set(ids)]
    .flatMap((id) => memory.entries.get(id) ?? [])
    .filter(({ task }) => isFinal(task.state.status))
  const removed = new Set(finals.map(({ task }) => task.id))
  journal.onRollback(() => {
    for (const entry of finals) memory.entries.set(entry.task.id, entry)
    memory.events = events
  })
  for (const id of removed) memory.entries.delete(id)
  for (const id of removed)
    if (memory.ids.get(id) === "task") journal.put(memory.ids, id, undefined)
  memory.events = events.filter(({ subject, id }) => subject !== "task" || !removed.has(id))
  return [...removed]
}

const listPage = (
  entries: ReadonlyArray<Entry>,
  filter: TaskFilter,
  page: Parameters<typeof pageOf>[1]
): TaskPage => {
  const found = entries.filter(({ task }) => matches(task, filter))
  const { total, entries: shown, next } = pageOf(found, page)
  return { total, tasks: shown.map(({ task }) => task), next }
}

/** Whether a task may run now in this queue. */
export const isReady =
  ({ queue, now }: ReadyFilter) =>
  ({ task: { spec, state } }: Entry): boolean =>
    state.status === "queued" &&
    spec.queue === queue &&
    (state.notBefore === null || state.notBefore <= now)

const busyOfBatch = ({ entries }: Memory, batch: string): number =>
  [...entries.values()].filter(
    ({ task }) => task.lineage.batch?.id === batch && holdsSlot(task.state)
  ).length

/** Keeps of each batch as many tasks as its limit allows. */
const withinBatchLimits = (memory: Memory, tasks: ReadonlyArray<Task>): ReadonlyArray<Task> => {
  const freeSlots = new Map<string, number>()
  return tasks.filter(({ lineage: { batch } }) => {
    if (batch === undefined) return true
    const free = freeSlots.get(batch.id) ?? batch.limit - busyOfBatch(memory, batch.id)
    freeSlots.set(batch.id, free - 1)
    return free > 0
  })
}

const matches = (
  { id, spec, owner, lineage, state, createdAt }: Task,
  filter: TaskFilter
): boolean =>
  matchesIfSet(filter.ids, (ids) => ids.includes(id)) &&
  matchesIfSet(filter.status, (statuses) => statuses.includes(state.status)) &&
  matchesIfSet(filter.tags, (tags) => tags.every((tag) => spec.tags.includes(tag))) &&
  matchesIfSet(filter.queue, (queue) => queue === spec.queue) &&
  matchesIfSet(filter.sessionId, (sessionId) => sessionId === ownerKey(owner)) &&
  matchesIfSet(filter.kind, (kind) => kind === spec.work.kind) &&
  matchesIfSet(filter.pipelineId, (pipelineId) => pipelineId === lineage.pipelineId) &&
  matchesIfSet(
    filter.source,
    ({ kind, id: by }) => kind === lineage.source?.kind && by === lineage.source.id
  ) &&
  matchesIfSet(filter.hidden, (hidden) => hidden === (lineage.source?.hidden === true)) &&
  matchesIfSet(filter.workKey, (key) => key === workKey(spec)) &&
  matchesIfSet(filter.since, (since) => createdAt >= since)

const seqOf = (memory: Memory, id: string): number => memory.entries.get(id)?.seq ?? 0

const matchesIfSet = <A>(wanted: A | undefined, test: (wanted: A) => boolean): boolean =>
  wanted === undefined || test(wanted)

const statusCounts = (tasks: ReadonlyArray<Task>): Record<TaskStatus, number> => ({
  ...noCounts,
  ...countBy(tasks, ({ state }) => state.status)
})

const countBy = (
  tasks: ReadonlyArray<Task>,
  key: (task: Task) => string
): Record<string, number> => {
  const counts = new Map<string, number>()
  for (const task of tasks) counts.set(key(task), (counts.get(key(task)) ?? 0) + 1)
  return Object.fromEntries(counts)
}

const byEnd: Order = (a, b) =>
  (endedAt(a.task.state) ?? 0) - (endedAt(b.task.state) ?? 0) || bySeq(a, b)
