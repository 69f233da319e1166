/** The one history of all tasks and pipelines. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { LoopEvent } from "../loop/LoopEvent.ts"
import { PipelineEvent } from "../pipeline/PipelineEvent.ts"
import { ScheduleEvent } from "../schedule/ScheduleEvent.ts"
import { Actor } from "./Actor.ts"
import { literalsOf } from "./Instant.ts"
import { TaskEvent } from "../task/TaskEvent.ts"

/** `sequence` is global and has no gap. */
const recorded = { sequence: Schema.Int, at: Schema.Finite, actor: Actor }

/** An event of an aggregate of this kind, as the history has it. */
export interface Recorded<Kind extends string, Event> {
  readonly subject: Kind
  readonly id: string
  readonly sequence: number
  readonly at: number
  readonly actor: Actor
  readonly event: Event
}

/**
 * Every event with its subject, which is the kind and the id of an aggregate. One member for each
 * kind.
 */
export const RecordedEvent = Schema.Union([
  Schema.Struct({
    subject: Schema.tag("task"),
    id: Schema.String,
    ...recorded,
    event: TaskEvent
  }),
  Schema.Struct({
    subject: Schema.tag("pipeline"),
    id: Schema.String,
    ...recorded,
    event: PipelineEvent
  }),
  Schema.Struct({
    subject: Schema.tag("schedule"),
    id: Schema.String,
    ...recorded,
    event: ScheduleEvent
  }),
  Schema.Struct({ subject: Schema.tag("loop"), id: Schema.String, ...recorded, event: LoopEvent })
])
export type RecordedEvent = typeof RecordedEvent.Type

/** The kinds of aggregates in the history. */
export type AggregateKind = RecordedEvent["subject"]

/** An event of a task, as the history has it. */
export type RecordedTaskEvent = Recorded<"task", TaskEvent>

/** The name of an event, such as `task.started`. */
export type EventType = RecordedEvent["event"]["type"]

/** Whether a text is the name of an event. */
export const isEventType = (name: string): name is EventType => eventTypes.includes(name)

/** The names of all events. */
export const eventTypes: ReadonlyArray<string> = RecordedEvent.members.flatMap(
  ({ fields: { event } }) => literalsOf(event, "type")
)
