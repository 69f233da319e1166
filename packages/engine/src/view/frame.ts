/** Converts events into the frames of streams; `events` returns the same frames. */
import type { Frame } from "@backbeat/contract/operation/output"
import type { ShownBriefPipeline } from "@backbeat/contract/LeanPipeline"
import type { ShownTask } from "@backbeat/contract/LeanTask"
import { instantsIn } from "@backbeat/core/history/Instant"
import { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import type { LogLine } from "../output/LogLine.ts"
import * as Predicate from "effect/Predicate"
import { iso } from "./taskAnswer.ts"
import { whatOf } from "./whatOf.ts"

/** Answers call the `spawnedAt` of an event `startedAt`. */
const instants: ReadonlySet<string> = new Set([...instantsIn(RecordedEvent), "startedAt"])

/** The facts of an event, with their instants as ISO 8601. */
const withIso = (facts: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(facts).map(([key, value]: [string, unknown]) => {
      if (Predicate.isNumber(value) && instants.has(key)) return [key, iso(value)]
      return [key, Predicate.isObject(value) && !Array.isArray(value) ? withIso(value) : value]
    })
  )

/** The facts that a frame shows: the work in one line, without the details of the call. */
const shownFacts = (event: RecordedEvent["event"]) => {
  if ("spec" in event) {
    const { type, spec } = event
    const changed =
      "changed" in event && event.changed !== undefined ? { changed: event.changed } : {}
    return { type, what: whatOf(spec.work), queue: spec.queue, tags: spec.tags, ...changed }
  }
  if (event.type === "pipeline.created")
    return { type: event.type, name: event.name, taskIds: event.taskIds }
  if (event.type === "loop.created") return { type: event.type, title: event.loop.title }
  if (!("spawnedAt" in event)) return event
  const { spawnedAt, ...facts } = event
  return { ...facts, startedAt: spawnedAt }
}

/** A recorded event as a frame. */
export const eventFrame = ({ subject, id, sequence, at, actor, event }: RecordedEvent): Frame => {
  const { type, ...data } = shownFacts(event)
  return { type, [`${subject}Id`]: id, sequence, timestamp: iso(at), actor, data: withIso(data) }
}

/** A line of a stream, with the cursor after it and the number of bytes dropped before it. */
export type StreamedLine = LogLine & { readonly cursor?: string; readonly droppedBytes?: number }

/**
 * A line of output as a frame. `sequence` is that of the last event before it; `logs` continues
 * from `cursor`.
 */
export const lineFrame = (
  taskId: string,
  sequence: number,
  { at, cursor, droppedBytes, stream, text }: StreamedLine
): Frame => ({
  type: "task.log.line",
  taskId,
  sequence,
  timestamp: at,
  data: {
    stream,
    text,
    ...(cursor === undefined ? {} : { cursor }),
    ...(droppedBytes === undefined ? {} : { droppedBytes })
  }
})

/** The state of a task at the start of a stream. */
export const snapshotFrame = (task: ShownTask, sequence: number, at: number): Frame => ({
  type: "task.status.snapshot",
  taskId: task.id,
  sequence,
  timestamp: iso(at),
  data: { task }
})

/** The state of a pipeline at the start of a stream. */
export const pipelineSnapshotFrame = (
  pipeline: ShownBriefPipeline,
  sequence: number,
  at: number
): Frame => ({
  type: "pipeline.status.snapshot",
  pipelineId: pipeline.id,
  sequence,
  timestamp: iso(at),
  data: { pipeline }
})
