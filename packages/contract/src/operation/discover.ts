/**
 * The operations that describe backbeat and what it can do: `plan`, `doctor`, `capabilities`,
 * `schema`, `examples`.
 */
import { DependencyCondition } from "@backbeat/core/task/Dependency"
import * as Schema from "effect/Schema"
import { about, NoFields, NonEmptyText, optional } from "../fields.ts"
import { operation } from "../Operation.ts"

const JsonObject = Schema.Record(Schema.String, Schema.Unknown)

/** Shows what a payload would do. */
export const plan = operation({
  name: "plan",
  environment: true,
  summary: "Show what start or pipeline create would do, without doing it.",
  input: Schema.Struct({
    operation: optional(
      Schema.Literals(["start", "pipeline create"]),
      "the operation (default start)"
    ),
    payload: about(Schema.Union([JsonObject, Schema.Array(JsonObject)]), "its payload")
  }),
  output: Schema.Struct({
    operation: Schema.String,
    tasks: Schema.Array(
      Schema.Struct({
        id: Schema.NullOr(Schema.String),
        argv: Schema.Array(Schema.String),
        cwd: Schema.String,
        dependsOn: Schema.Array(Schema.Struct({ task: Schema.String, on: DependencyCondition })),
        spec: JsonObject,
        startsAt: Schema.NullOr(Schema.String),
        warnings: Schema.Array(Schema.String)
      })
    ),
    order: Schema.Array(Schema.Int)
  }),
  errors: [
    "CommandInputError",
    "DependencyNotFound",
    "DependencyCycle",
    "AgentUnavailable",
    "TaskAlreadyRunning",
    "IllegalTransition",
    "QuotaExceeded",
    "StoreError"
  ],
  examples: [
    { title: "a command", payload: { payload: { command: "echo", args: ["hello"] } } },
    {
      title: "a pipeline",
      payload: {
        operation: "pipeline create",
        payload: { steps: [{ command: "make" }, { command: "make", args: ["check"] }] }
      }
    }
  ],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  wraps: "start",
  web: "POST",
  mcp: { tool: "PlanWork" }
})

/** Checks the installation. */
export const doctor = operation({
  name: "doctor",
  environment: true,
  summary:
    "Check home, permissions, disk, store, engine, clock and agents, and say how to fix each problem.",
  input: NoFields,
  output: Schema.Struct({
    status: Schema.Literals(["ok", "warn", "fail"]),
    checks: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        status: Schema.Literals(["ok", "warn", "fail"]),
        message: Schema.String,
        fix: Schema.NullOr(Schema.String)
      })
    )
  }),
  errors: ["StoreError"],
  examples: [{ title: "all checks", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  engine: "prefers",
  web: "POST",
  mcp: {}
})

/** Shows the capabilities of this binary. */
export const capabilities = operation({
  name: "capabilities",
  engine: "none",
  summary: "Show the version, payload modes, output modes and operations.",
  input: NoFields,
  output: Schema.Struct({
    protocolVersion: Schema.Int,
    version: Schema.String,
    payloadModes: Schema.Array(Schema.String),
    outputModes: Schema.Array(Schema.String),
    inlineMaxBytes: about(
      Schema.Int,
      "with --output auto an answer with more bytes is written to a file"
    ),
    operations: Schema.Array(Schema.String),
    batch: Schema.Array(Schema.String),
    streams: Schema.Array(Schema.String),
    discovery: Schema.Array(Schema.String)
  }),
  errors: [],
  examples: [{ title: "everything", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  mcp: {}
})

/** Lists the schemas. */
export const schemaList = operation({
  name: "schema list",
  engine: "none",
  summary: "List the schemas of all operations.",
  input: NoFields,
  output: Schema.Struct({
    schemas: Schema.Array(
      Schema.Struct({
        operation: Schema.String,
        side: Schema.Literals(["input", "output"]),
        schema_id: Schema.String
      })
    )
  }),
  errors: [],
  examples: [{ title: "all", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  mcp: {}
})

/** Shows one schema. */
export const schemaShow = operation({
  name: "schema show",
  engine: "none",
  summary: "Show the JSON Schema (2020-12) of an operation.",
  input: Schema.Struct({
    operation: about(NonEmptyText, "the operation, such as start"),
    side: optional(Schema.Literals(["input", "output"]), "payload (default) or answer")
  }),
  output: Schema.Struct({
    operation: Schema.String,
    side: Schema.String,
    schema_id: Schema.String,
    schema: JsonObject
  }),
  errors: ["CommandInputError"],
  examples: [{ title: "the payload of start", payload: { operation: "start" } }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: "operation",
  namesOperation: true,
  mcp: {}
})

/** Lists the examples. */
export const examplesList = operation({
  name: "examples list",
  engine: "none",
  summary: "List the examples of all operations.",
  input: NoFields,
  output: Schema.Struct({
    examples: Schema.Array(
      Schema.Struct({ operation: Schema.String, titles: Schema.Array(Schema.String) })
    )
  }),
  errors: [],
  examples: [{ title: "all", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  mcp: {}
})

/** Shows the examples of one operation. */
export const examplesShow = operation({
  name: "examples show",
  engine: "none",
  summary: "Show payloads that work for an operation.",
  input: Schema.Struct({ operation: about(NonEmptyText, "the operation, such as start") }),
  output: Schema.Struct({
    operation: Schema.String,
    examples: Schema.Array(
      Schema.Struct({ title: Schema.String, payload: Schema.Unknown, call: Schema.String })
    )
  }),
  errors: ["CommandInputError"],
  examples: [{ title: "of start", payload: { operation: "start" } }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: "operation",
  namesOperation: true,
  mcp: {}
})
