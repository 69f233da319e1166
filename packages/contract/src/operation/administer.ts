/** The operations on backbeat itself: `config`, `engine`. */
import * as Schema from "effect/Schema"
import { about, NoFields, NonEmptyText, optional } from "../fields.ts"
import { operation } from "../Operation.ts"

const Settings = Schema.Record(Schema.String, Schema.Unknown)
const Changed = Schema.Struct({
  key: Schema.NullOr(Schema.String),
  config: Settings,
  path: Schema.String
})

/** Shows the current configuration. */
export const configShow = operation({
  name: "config show",
  summary:
    "Show the current configuration, where each value comes from, and which values are wrong.",
  input: NoFields,
  output: Schema.Struct({
    path: Schema.String,
    config: Settings,
    sources: Schema.Record(Schema.String, Schema.Literals(["default", "file", "environment"])),
    variables: about(
      Schema.Record(Schema.String, Schema.String),
      "the variable that sets a value, by key"
    ),
    ignored: about(
      Schema.Array(Schema.Struct({ name: Schema.String, instead: Schema.String })),
      "variables of older systems that are set but have no effect, and what to use instead"
    ),
    problems: Schema.Array(Schema.Struct({ key: Schema.String, message: Schema.String }))
  }),
  errors: [],
  examples: [{ title: "everything", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  web: "POST"
})

/** Sets one value. */
export const configSet = operation({
  name: "config set",
  summary: "Set one value of the configuration file.",
  input: Schema.Struct({
    key: about(NonEmptyText, "dotted key, such as retentionDays or queues.builds.concurrency"),
    value: Schema.Unknown.annotateKey({ description: "its value" })
  }),
  output: Changed,
  errors: ["CommandInputError", "ConfigInvalid"],
  examples: [{ title: "a queue of two", payload: { key: "queues.builds.concurrency", value: 2 } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null,
  words: ["key", "value"],
  web: "POST"
})

/** Removes one value, or all. */
export const configReset = operation({
  name: "config reset",
  summary: "Reset one setting, or all, to the default.",
  input: Schema.Struct({ key: optional(NonEmptyText, "dotted key (default: all settings)") }),
  output: Changed,
  errors: ["CommandInputError", "ConfigInvalid"],
  examples: [{ title: "one value", payload: { key: "retentionDays" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "key",
  web: "POST"
})

/** Shows the path of the configuration file. */
export const configPath = operation({
  name: "config path",
  engine: "uses",
  summary: "Show the path of the configuration file.",
  input: NoFields,
  output: Schema.Struct({ path: Schema.String, exists: Schema.Boolean }),
  errors: [],
  examples: [{ title: "the path", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null
})

/** Shows the engine of this home. */
export const engineStatus = operation({
  name: "engine status",
  engine: "uses",
  summary: "Show whether an engine runs for this home, and what it does. It does not start one.",
  input: NoFields,
  output: Schema.Struct({
    running: Schema.Boolean,
    home: Schema.String,
    version: Schema.NullOr(Schema.String),
    pid: Schema.NullOr(Schema.Int),
    startedAt: Schema.NullOr(Schema.String),
    tasks: Schema.NullOr(Schema.Record(Schema.String, Schema.Int)),
    rssBytes: Schema.NullOr(Schema.Int),
    inherited: optional(
      Schema.Record(Schema.String, Schema.String),
      "what the engine inherited from the call that started it and passes to every task; unlimited limits are left out"
    ),
    differences: optional(Schema.Array(Schema.String), "how that differs from the caller")
  }),
  errors: ["EngineUnreachable"],
  examples: [{ title: "this home's", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  web: "POST",
  mcp: {}
})

/** Stops the engine; tasks continue. */
export const engineStop = operation({
  name: "engine stop",
  engine: "uses",
  summary:
    "Stop the engine. Tasks keep running, and the next call starts an engine that adopts them.",
  input: NoFields,
  output: Schema.Struct({
    stopped: Schema.Boolean,
    pid: Schema.NullOr(Schema.Int),
    liveTasks: Schema.Int
  }),
  errors: ["EngineUnreachable"],
  examples: [{ title: "this home's", payload: {} }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: null,
  endsEngine: true
})
