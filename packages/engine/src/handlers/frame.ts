/** The frames of a stream, which are the events of an answer too. */
import type { Frame } from "@backbeat/contract/operation/output"
import type { RecordedEvent } from "@backbeat/core/task/TaskEvent"
import type { LogLine } from "../output/LogLine.ts"
import type { TaskAnswer } from "@backbeat/contract/TaskAnswer"
import * as Predicate from "effect/Predicate"
import { iso } from "./taskAnswer.ts"

const instants: ReadonlySet<string> = new Set(["endedAt", "retryAt", "killAt", "notBefore"])

/** The facts of an event with their instants as ISO 8601. */
const withIso = (facts: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(facts).map(([key, value]: [string, unknown]) => {
      if (Predicate.isNumber(value) && instants.has(key)) return [key, iso(value)]
      return [key, Predicate.isObject(value) && !Array.isArray(value) ? withIso(value) : value]
    })
  )

/** A recorded event as callers see it: a script or an argument vector is not repeated in it. */
export const eventFrame = ({ sequence, taskId, at, actor, event }: RecordedEvent): Frame => {
  const { type, ...data } = "spec" in event ? { type: event.type, queue: event.spec.queue, tags: event.spec.tags } : event
  return { type, taskId, sequence, timestamp: iso(at), actor, data: withIso(data) }
}

/** One line of output. Lines are between events, so `sequence` is that of the last event before; `cursor` is for `logs`. */
export const lineFrame = (taskId: string, sequence: number, line: LogLine & { readonly cursor?: string }): Frame => ({
  type: "task.log.line",
  taskId,
  sequence,
  timestamp: line.at,
  data: { stream: line.stream, text: line.text, ...(line.cursor === undefined ? {} : { cursor: line.cursor }) }
})

/** What a task is as a stream begins. */
export const snapshotFrame = (task: TaskAnswer, sequence: number, at: number): Frame => ({
  type: "task.status.snapshot",
  taskId: task.id,
  sequence,
  timestamp: iso(at),
  data: { task }
})
