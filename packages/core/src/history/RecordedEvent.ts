/** The one history: what happened to whom, when, and by whose doing. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { PipelineEvent } from "../pipeline/PipelineEvent.ts"
import { Actor } from "../task/Actor.ts"
import { TaskEvent } from "../task/TaskEvent.ts"

/** `sequence` is global and has no gap. */
const recorded = { sequence: Schema.Int, at: Schema.Finite, actor: Actor }

/** An event of a task, as it stands in the history. */
export const RecordedTaskEvent = Schema.Struct({
  subject: Schema.tag("task"),
  id: Schema.String,
  ...recorded,
  event: TaskEvent
})
export type RecordedTaskEvent = typeof RecordedTaskEvent.Type

/** An event of a pipeline, as it stands in the history. */
export const RecordedPipelineEvent = Schema.Struct({
  subject: Schema.tag("pipeline"),
  id: Schema.String,
  ...recorded,
  event: PipelineEvent
})
export type RecordedPipelineEvent = typeof RecordedPipelineEvent.Type

/** An event with its subject: the kind of thing that it happened to, and the id of that. */
export const RecordedEvent = Schema.Union([RecordedTaskEvent, RecordedPipelineEvent])
export type RecordedEvent = typeof RecordedEvent.Type

/** The name of an event, such as `task.started`. */
export type EventType = RecordedEvent["event"]["type"]
