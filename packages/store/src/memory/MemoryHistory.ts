/** The History in memory, for tests and trials. */
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type EventFilter, History } from "../History.ts"
import { type Memory, MemoryDatabase } from "./MemoryDatabase.ts"

/** The History in memory. */
export const layerHistory = Layer.effect(
  History,
  Effect.map(MemoryDatabase, ({ journal: { read }, memory }) =>
    History.of({
      events: (filter) => read(() => eventsOf(memory, filter)),
      lastSequence: read(() => memory.lastSequence)
    })
  )
)

const matchesIfSet = <A>(wanted: A | undefined, test: (wanted: A) => boolean): boolean =>
  wanted === undefined || test(wanted)

const eventsOf = (
  memory: Memory,
  { since, taskIds, tag, pipelineId, source, types, limit }: EventFilter
): ReadonlyArray<RecordedEvent> => {
  const taskOf = ({ subject, id }: RecordedEvent) =>
    subject === "task" ? memory.entries.get(id)?.task : undefined
  const isOf = (recorded: RecordedEvent, pipeline: string): boolean =>
    recorded.subject === "pipeline"
      ? recorded.id === pipeline
      : taskOf(recorded)?.lineage.pipelineId === pipeline
  const isBy = (recorded: RecordedEvent, kind: string, id: string): boolean => {
    const made = taskOf(recorded)?.lineage.source
    return recorded.subject === kind ? recorded.id === id : made?.kind === kind && made.id === id
  }
  return memory.events
    .filter(
      (recorded) =>
        recorded.sequence > since &&
        matchesIfSet(taskIds, (ids) => recorded.subject === "task" && ids.includes(recorded.id)) &&
        matchesIfSet(types, (wanted) => wanted.includes(recorded.event.type)) &&
        matchesIfSet(tag, (wanted) => taskOf(recorded)?.spec.tags.includes(wanted) ?? false) &&
        matchesIfSet(pipelineId, (wanted) => isOf(recorded, wanted)) &&
        matchesIfSet(source, ({ kind, id }) => isBy(recorded, kind, id))
    )
    .slice(0, limit)
}
