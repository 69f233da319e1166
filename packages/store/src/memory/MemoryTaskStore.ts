/** The TaskStore in memory, for tests and trials: the same answers, gone with the process. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import type { Task } from "@backbeat/core/task/Task"
import type { RecordedEvent } from "@backbeat/core/task/TaskEvent"
import { isFinal } from "@backbeat/core/task/TaskState"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import { TaskStore } from "../TaskStore.ts"
import type { Change, EventFilter, ReadyFilter, TaskFilter, TaskPage } from "../TaskStore.ts"
import { makeJournal } from "./Journal.ts"
import type { Journal } from "./Journal.ts"

/** A TaskStore of its own for each build of the layer. */
export const layerMemory: Layer.Layer<TaskStore> = Layer.effect(
  TaskStore,
  Effect.map(Semaphore.make(1), (turns) => make(makeJournal(turns)))
)

interface Entry {
  readonly task: Task
  /** Its place in the order of creation. */
  readonly seq: number
  /** The sequence of the event that queued it last; 0 when it never was. */
  readonly queuedSeq: number
}

interface Memory {
  readonly entries: Map<string, Entry>
  events: Array<RecordedEvent>
  lastSequence: number
  lastSeq: number
}

const make = (journal: Journal): TaskStore["Service"] => {
  const memory: Memory = { entries: new Map(), events: [], lastSequence: 0, lastSeq: 0 }
  const { transact, read } = journal
  const write = <A>(evaluate: () => A): Effect.Effect<A> => transact(Effect.sync(evaluate))
  const tasks = (pick: (entry: Entry) => boolean, order: Order = bySeq): ReadonlyArray<Task> =>
    [...memory.entries.values()].filter(pick).toSorted(order).map(({ task }) => task)
  const inStatus = (statuses: ReadonlyArray<TaskStatus>) => tasks(({ task }) => statuses.includes(task.state.status))
  return {
    transact,
    flushed: Effect.void,
    find: (id) => read(() => memory.entries.get(id)?.task ?? null),
    record: (changes) => write(() => changes.flatMap((change) => recordChange(memory, journal, change))),
    list: (filter, page) => read(() => listPage([...memory.entries.values()], filter, page)),
    inStatus: (statuses) => read(() => inStatus(statuses)),
    counts: read(() => statusCounts(tasks(() => true))),
    liveCount: read(() => tasks(({ task }) => !isFinal(task.state.status)).length),
    ready: (filter) => read(() => tasks(isReady(filter), byTurn).slice(0, filter.limit)),
    busy: read(() => countBy(inStatus(["running", "stopping"]), ({ spec }) => spec.queue)),
    waitingQueues: read(() => Object.keys(countBy(inStatus(["queued"]), ({ spec }) => spec.queue)).toSorted()),
    retriesDue: (now) =>
      read(() => tasks(({ task }) => task.state.status === "retrying" && task.state.retryAt <= now, byDue)),
    nextDueAt: (now) =>
      read(() => {
        const due = tasks(() => true).map(dueAt).filter((at) => at !== null && at > now)
        return due.reduce<number | null>((least, at) => (least === null || (at ?? least) < least ? at : least), null)
      }),
    events: (filter) => read(() => eventsOf(memory, filter)),
    lastSequence: read(() => memory.lastSequence),
    endedBefore: (at, statuses) =>
      read(() => tasks(({ task }) => statuses.includes(task.state.status) && (endedAt(task) ?? at) < at, byEnd)),
    remove: (ids) => write(() => removeTasks(memory, journal, ids)),
    check: Effect.succeed({ ok: true, message: "The tasks are kept in memory." })
  }
}

const recordChange = (memory: Memory, journal: Journal, { task, events, at, actor }: Change) => {
  const { lastSequence, lastSeq } = memory
  const eventCount = memory.events.length
  const old = memory.entries.get(task.id)
  const recorded: ReadonlyArray<RecordedEvent> = events.map((event, index) => ({
    sequence: lastSequence + index + 1,
    taskId: task.id,
    at,
    actor,
    event
  }))
  const queuing = recorded.findLast(
    ({ event }) => event.type === "task.queued" || (event.type === "task.created" && !event.blocked)
  )
  journal.undo(() => {
    if (old === undefined) memory.entries.delete(task.id)
    else memory.entries.set(task.id, old)
    memory.events.length = eventCount
    Object.assign(memory, { lastSequence, lastSeq })
  })
  if (old === undefined) memory.lastSeq += 1
  memory.entries.set(task.id, {
    task,
    seq: old?.seq ?? memory.lastSeq,
    queuedSeq: queuing?.sequence ?? old?.queuedSeq ?? 0
  })
  memory.lastSequence += recorded.length
  memory.events.push(...recorded)
  return recorded
}

const removeTasks = (memory: Memory, journal: Journal, ids: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { events } = memory
  const gone = [...new Set(ids)].flatMap((id) => memory.entries.get(id) ?? []).filter(({ task }) => isFinal(task.state.status))
  const removed = new Set(gone.map(({ task }) => task.id))
  journal.undo(() => {
    for (const entry of gone) memory.entries.set(entry.task.id, entry)
    memory.events = events
  })
  for (const id of removed) memory.entries.delete(id)
  memory.events = events.filter(({ taskId }) => !removed.has(taskId))
  return [...removed]
}

const listPage = (
  entries: ReadonlyArray<Entry>,
  filter: TaskFilter,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined }
): TaskPage => {
  const found = entries.filter(({ task }) => matches(task, filter)).toSorted((a, b) => b.seq - a.seq)
  const rest = after === undefined ? found : found.filter(({ seq }) => /^\d{1,15}$/.test(after) && seq < Number(after))
  const page = rest.slice(0, limit)
  return {
    total: found.length,
    tasks: page.map(({ task }) => task),
    next: rest.length > limit ? String(page.at(-1)?.seq) : null
  }
}

const isReady =
  ({ queue, now }: ReadyFilter) =>
  ({ task: { spec, state } }: Entry): boolean =>
    state.status === "queued" && spec.queue === queue && (state.notBefore === null || state.notBefore <= now)

const matches = ({ id, spec, owner, state, createdAt }: Task, filter: TaskFilter): boolean =>
  agrees(filter.ids, (ids) => ids.includes(id)) &&
  agrees(filter.status, (statuses) => statuses.includes(state.status)) &&
  agrees(filter.tags, (tags) => tags.every((tag) => spec.tags.includes(tag))) &&
  agrees(filter.queue, (queue) => queue === spec.queue) &&
  agrees(filter.sessionId, (sessionId) => sessionId === owner.sessionId) &&
  agrees(filter.kind, (kind) => kind === spec.work.kind) &&
  agrees(filter.since, (since) => createdAt >= since)

const agrees = <A>(wanted: A | undefined, test: (wanted: A) => boolean): boolean => wanted === undefined || test(wanted)

const eventsOf = (memory: Memory, { since, taskIds, tag, types, limit }: EventFilter): ReadonlyArray<RecordedEvent> =>
  memory.events
    .filter(
      ({ sequence, taskId, event }) =>
        sequence > since &&
        (taskIds?.includes(taskId) ?? true) &&
        (types?.includes(event.type) ?? true) &&
        (tag === undefined || (memory.entries.get(taskId)?.task.spec.tags.includes(tag) ?? false))
    )
    .slice(0, limit)

const statusCounts = (tasks: ReadonlyArray<Task>): Record<TaskStatus, number> => ({
  blocked: 0,
  queued: 0,
  running: 0,
  stopping: 0,
  retrying: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  ...countBy(tasks, ({ state }) => state.status)
})

const countBy = (tasks: ReadonlyArray<Task>, key: (task: Task) => string): Record<string, number> => {
  const counts = new Map<string, number>()
  for (const task of tasks) counts.set(key(task), (counts.get(key(task)) ?? 0) + 1)
  return Object.fromEntries(counts)
}

const dueAt = ({ state }: Task): number | null => {
  if (state.status === "queued") return state.notBefore
  return state.status === "retrying" ? state.retryAt : null
}

const endedAt = ({ state }: Task): number | null => {
  if (state.status === "cancelled") return state.endedAt
  return state.status === "completed" || state.status === "failed" ? state.end.endedAt : null
}

type Order = (a: Entry, b: Entry) => number

const bySeq: Order = (a, b) => a.seq - b.seq
const byDue: Order = (a, b) => (dueAt(a.task) ?? 0) - (dueAt(b.task) ?? 0) || bySeq(a, b)
const byEnd: Order = (a, b) => (endedAt(a.task) ?? 0) - (endedAt(b.task) ?? 0) || bySeq(a, b)
const byTurn: Order = (a, b) =>
  a.task.spec.priority.localeCompare(b.task.spec.priority) || a.queuedSeq - b.queuedSeq || bySeq(a, b)
