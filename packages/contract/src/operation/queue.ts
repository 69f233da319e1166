/** The operations on queues: `queue`. */
import { Actor } from "@backbeat/core/history/Actor"
import { TaskId } from "@backbeat/core/task/TaskId"
import * as Schema from "effect/Schema"
import { about, between, NoFields, NonEmptyText, optional } from "../fields.ts"
import { operation } from "../Operation.ts"

/** The state of a queue. */
const QueueAnswer = Schema.Struct({
  queue: Schema.String,
  paused: Schema.NullOr(
    Schema.Struct({ at: Schema.String, by: Actor, reason: Schema.NullOr(Schema.String) })
  ),
  concurrency: Schema.NullOr(Schema.Int),
  admission: Schema.Literals(["all", "slots", "resources"]),
  queued: Schema.Int,
  running: Schema.Int,
  held: Schema.NullOr(
    Schema.Struct({
      because: Schema.Literals(["paused", "slots", "measuring", "cpu", "memory"]),
      message: Schema.String
    })
  )
})
export type QueueAnswer = typeof QueueAnswer.Type

const Answered = Schema.Struct({ queue: QueueAnswer })
const queue = about(TaskId, "the queue; any name can be used")

/** Shows every queue. */
export const queueList = operation({
  name: "queue list",
  summary: "Show the queues: how each starts tasks, what waits and runs in it, and what blocks it.",
  input: NoFields,
  output: Schema.Struct({ queues: Schema.Array(QueueAnswer) }),
  errors: ["StoreError"],
  examples: [{ title: "all queues", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  web: "POST",
  mcp: {}
})

/** Pauses a queue. */
export const queuePause = operation({
  name: "queue pause",
  summary:
    "Pause a queue: it starts nothing until it is resumed. Running tasks continue, and tasks can be added.",
  input: Schema.Struct({
    queue,
    reason: optional(NonEmptyText, "the reason, shown by why and queue list")
  }),
  output: Answered,
  errors: ["CommandInputError", "StoreError"],
  examples: [
    { title: "with a reason", payload: { queue: "builds", reason: "the registry is down" } }
  ],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "queue",
  web: "POST",
  mcp: {}
})

/** Resumes a queue. */
export const queueResume = operation({
  name: "queue resume",
  summary: "Resume a paused queue: waiting tasks start as slots are free.",
  input: Schema.Struct({ queue }),
  output: Answered,
  errors: ["CommandInputError", "StoreError"],
  examples: [{ title: "one queue", payload: { queue: "builds" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "queue",
  web: "POST",
  mcp: {}
})

/** Sets how many tasks of a queue run at once. */
export const queueSet = operation({
  name: "queue set",
  summary:
    "Set how many tasks of a queue run at once: queues.<name>.concurrency of the configuration.",
  input: Schema.Struct({
    queue,
    concurrency: about(
      Schema.NullOr(between(1, 10_000)),
      "how many tasks; null for no limit of its own"
    )
  }),
  output: Answered,
  errors: ["CommandInputError", "ConfigInvalid", "StoreError"],
  examples: [{ title: "two at once", payload: { queue: "builds", concurrency: 2 } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "queue",
  web: "POST"
})
