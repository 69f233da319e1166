/** The PipelineStore in memory, for tests and trials. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { RecordedPipelineEvent } from "@backbeat/core/history/RecordedEvent"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import { isFinal } from "@backbeat/core/task/TaskState"
import {
  type PipelineChange,
  type PipelineCount,
  type PipelineFilter,
  PipelineStore
} from "../PipelineStore.ts"
import { countMax } from "../TaskStore.ts"
import { appendEvents } from "./appendEvents.ts"
import { type Memory, MemoryDatabase } from "./MemoryDatabase.ts"

/** The PipelineStore beside a TaskStore in memory. */
export const layerPipelineStore = Layer.effect(
  PipelineStore,
  Effect.map(MemoryDatabase, (database) => make(database))
)

/** A pipeline with its place in the order of creation. */
interface Entry {
  readonly pipeline: Pipeline
  readonly seq: number
}

const make = ({ journal, memory }: MemoryDatabase["Service"]): PipelineStore["Service"] => {
  const entries = new Map<string, Entry>()
  let lastSeq = 0

  const record = ({
    pipeline,
    events,
    at,
    actor
  }: PipelineChange): ReadonlyArray<RecordedPipelineEvent> => {
    if (!memory.ids.has(pipeline.id)) journal.put(memory.ids, pipeline.id, "pipeline")
    journal.put(entries, pipeline.id, { pipeline, seq: entries.get(pipeline.id)?.seq ?? ++lastSeq })
    return appendEvents(memory, journal, events, (event, sequence) => ({
      subject: "pipeline",
      id: pipeline.id,
      sequence,
      at,
      actor,
      event
    }))
  }
  const removeEmpty = (): ReadonlyArray<string> => {
    const gone = [...entries.values()].flatMap(({ pipeline: { id, state } }) =>
      state.status !== "running" && tasksOf(memory, id).length === 0 ? [id] : []
    )
    const { events } = memory
    journal.undo(() => void (memory.events = events))
    memory.events = events.filter(({ subject, id }) => subject !== "pipeline" || !gone.includes(id))
    for (const id of gone) journal.put(entries, id, undefined)
    for (const id of gone)
      if (memory.ids.get(id) === "pipeline") journal.put(memory.ids, id, undefined)
    return gone
  }
  const isOver = ({ id, state }: Pipeline): boolean =>
    state.status === "running" && tasksOf(memory, id).every((task) => isFinal(task.state.status))

  return {
    find: (id) => journal.read(() => entries.get(id)?.pipeline ?? null),
    record: (change) => journal.transact(Effect.sync(() => record(change))),
    list: (filter, page) => journal.read(() => listPage([...entries.values()], filter, page)),
    counts: (ids) =>
      journal.read(() => [...new Set(ids)].toSorted().flatMap((id) => countsOf(memory, id))),
    over: (ids) =>
      journal.read(() =>
        [...new Set(ids)].flatMap((id) => entries.get(id)?.pipeline ?? []).filter(isOver)
      ),
    removeEmpty: journal.transact(Effect.sync(removeEmpty))
  }
}

const tasksOf = ({ entries }: Memory, id: string) =>
  [...entries.values()].flatMap(({ task }) => (task.lineage.pipelineId === id ? [task] : []))

const countsOf = (memory: Memory, pipeline: string): ReadonlyArray<PipelineCount> =>
  [...Map.groupBy(tasksOf(memory, pipeline), ({ state }) => state.status)]
    .map(([status, tasks]) => ({ pipeline, status, count: tasks.length }))
    .toSorted((one, two) => (one.status < two.status ? -1 : 1))

const listPage = (
  entries: ReadonlyArray<Entry>,
  { status, since }: PipelineFilter,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined }
) => {
  const found = entries
    .filter(({ pipeline }) => status?.includes(pipeline.state.status) ?? true)
    .filter(({ pipeline }) => since === undefined || pipeline.createdAt >= since)
    .toSorted((one, two) => two.seq - one.seq)
  const rest =
    after === undefined
      ? found
      : found.filter(({ seq }) => /^\d{1,15}$/.test(after) && seq < Number(after))
  const page = rest.slice(0, limit)
  return {
    total: Math.min(found.length, countMax + 1),
    pipelines: page.map(({ pipeline }) => pipeline),
    next: rest.length > limit ? String(page.at(-1)?.seq) : null
  }
}
