/** What can be configured, and what holds where nothing is. */
import { Effort, PermissionMode } from "@backbeat/core/task/AgentWork"
import { NonEmptyText, Text } from "@backbeat/core/task/Text"
import { TaskId } from "@backbeat/core/task/TaskId"
import * as Schema from "effect/Schema"

const between = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Queue = Schema.Struct({ concurrency: between(1, 10_000) })

const Variables = Schema.Record(Schema.String.check(Schema.isPattern(/^[^=\0]+$/u)), Text).annotate(
  {
    messageUnexpectedKey: "the name of a variable must not be empty and must not contain = or NUL"
  }
)

/**
 * How to call an agent: `command` and `args` for another executable, or a custom agent with
 * `{prompt}` in an argument. `env` is added to the environment of its tasks. The other values apply
 * when a task does not set them.
 */
const AgentSettings = Schema.Struct({
  command: Schema.optionalKey(NonEmptyText),
  args: Schema.optionalKey(Schema.Array(Text)),
  env: Schema.optionalKey(Variables),
  model: Schema.optionalKey(NonEmptyText),
  effort: Schema.optionalKey(Effort),
  permissionMode: Schema.optionalKey(PermissionMode)
})
export type AgentSettings = typeof AgentSettings.Type

const Agents = Schema.Record(
  Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u)),
  AgentSettings
).annotate({
  messageUnexpectedKey:
    "expected the name of an agent: 1 to 64 characters of A-Z a-z 0-9 . _ - that start with a letter or digit"
})

const Queues = Schema.Record(TaskId, Queue).annotate({
  messageUnexpectedKey:
    "expected the name of a queue: 1 to 128 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
})

/**
 * Every key with its type. Times are in milliseconds, sizes in bytes. `timeout` null means no
 * limit, `memoryReserve` null depends on the size of the memory.
 */
export const Configuration = Schema.Struct({
  timeout: Schema.NullOr(between(1000, 86_400_000)),
  maxOutputBytes: between(1024, 1_073_741_824),
  maxDepth: between(1, 100),
  maxLive: between(1, 1_000_000),
  retentionDays: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 36_500 })),
  logRetentionPerJob: between(1, 100_000),
  logLevel: Schema.Literals(["debug", "info", "warn", "error"]),
  format: Schema.Literals(["json", "human"]),
  idleExitMs: between(100, 86_400_000),
  agentExitMs: between(100, 86_400_000),
  cpuThreshold: between(1, 100),
  memoryReserve: Schema.NullOr(between(0, Number.MAX_SAFE_INTEGER)),
  settlingWindowMs: between(0, 3_600_000),
  queues: Queues,
  defaultAgent: Schema.NullOr(NonEmptyText),
  agents: Agents
})
export type Configuration = typeof Configuration.Type

/** The defaults. */
export const defaults: Configuration = {
  timeout: null,
  maxOutputBytes: 1_073_741_824,
  maxDepth: 5,
  maxLive: 10_000,
  retentionDays: 7,
  logRetentionPerJob: 50,
  logLevel: "info",
  format: "json",
  idleExitMs: 300_000,
  agentExitMs: 30_000,
  cpuThreshold: 80,
  memoryReserve: null,
  settlingWindowMs: 15_000,
  queues: {},
  defaultAgent: null,
  agents: {}
}

/** A configuration that may be shown: of agents' variables only the names. */
export const withoutSecrets = (config: Configuration): Configuration => ({
  ...config,
  agents: Object.fromEntries(
    Object.entries(config.agents).map(([name, { env, ...rest }]) => [
      name,
      env === undefined
        ? rest
        : { ...rest, env: Object.fromEntries(Object.keys(env).map((key) => [key, "***"])) }
    ])
  )
})
