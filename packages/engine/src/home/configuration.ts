/** The configuration: environment over file over defaults. One bad value is reported and falls back alone. */
import { showPath } from "@backbeat/contract/decodePayload"
import { nearest } from "@backbeat/contract/nearest"
import { Effort, PermissionMode } from "@backbeat/core/task/AgentWork"
import { NonEmptyText, Text } from "@backbeat/core/task/Text"
import { TaskId } from "@backbeat/core/task/TaskId"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type ConfigurationFlaw, makeSift } from "./sift.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Queue = Schema.Struct({ concurrency: between(1, 10_000) })

const Variables = Schema.Record(Schema.String.check(Schema.isPattern(/^[^=\0]+$/u)), Text).annotate({
  messageUnexpectedKey: "the name of a variable is not empty and has no = and no NUL"
})

/**
 * How an agent is called here: `command` and `args` for another executable, or a custom agent with `{prompt}` in an argument;
 * `env` is added to the environment of its tasks; the others are used where a task does not say.
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

const Agents = Schema.Record(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u)), AgentSettings).annotate({
  messageUnexpectedKey: "the name of an agent has 1 to 64 characters of A-Z a-z 0-9 . _ - and starts with a letter or digit"
})

const Queues = Schema.Record(TaskId, Queue).annotate({
  messageUnexpectedKey: "the name of a queue has 1 to 128 characters of A-Z a-z 0-9 . _ : - and starts with a letter or digit"
})

/** Every key with its type. Times in milliseconds, sizes in bytes; `timeout` null = no limit, `memoryReserve` null = by the size of the memory. */
export const Configuration = Schema.Struct({
  timeout: Schema.NullOr(between(1000, 86_400_000)),
  maxOutputBytes: between(1024, 1_073_741_824),
  maxDepth: between(1, 100),
  maxLive: between(1, 1_000_000),
  retentionDays: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 36_500 })),
  logRetentionPerJob: between(1, 100_000),
  logLevel: Schema.Literals(["debug", "info", "warn", "error"]),
  idleExitMs: between(100, 86_400_000),
  cpuThreshold: between(1, 100),
  memoryReserve: Schema.NullOr(between(0, Number.MAX_SAFE_INTEGER)),
  settlingWindowMs: between(0, 3_600_000),
  queues: Queues,
  defaultAgent: Schema.NullOr(NonEmptyText),
  agents: Agents
})
export type Configuration = typeof Configuration.Type

/** What holds where nothing is configured. */
export const defaults: Configuration = {
  timeout: null,
  maxOutputBytes: 1_073_741_824,
  maxDepth: 5,
  maxLive: 10_000,
  retentionDays: 7,
  logRetentionPerJob: 50,
  logLevel: "info",
  idleExitMs: 300_000,
  cpuThreshold: 80,
  memoryReserve: null,
  settlingWindowMs: 15_000,
  queues: {},
  defaultAgent: null,
  agents: {}
}

/** A configuration as it may be shown: of the variables of agents only the names. */
export const withoutSecrets = (config: Configuration): Configuration => ({
  ...config,
  agents: Object.fromEntries(
    Object.entries(config.agents).map(([name, { env, ...rest }]) => [
      name,
      env === undefined ? rest : { ...rest, env: Object.fromEntries(Object.keys(env).map((key) => [key, "***"])) }
    ])
  )
})

/** Where a value comes from. */
export type Source = "default" | "file" | "environment"

/** The configuration in force, where each value comes from, and which were refused. */
export interface Resolved {
  readonly config: Configuration
  readonly sources: Readonly<Record<string, Source>>
  readonly problems: ReadonlyArray<{ readonly key: string; readonly message: string }>
}

/** The same, with the problems by where they are. */
interface Sifted extends Resolved {
  readonly flaws: ReadonlyArray<ConfigurationFlaw>
}

type Key = keyof Configuration

const keys: ReadonlyArray<Key> = [
  "timeout",
  "maxOutputBytes",
  "maxDepth",
  "maxLive",
  "retentionDays",
  "logRetentionPerJob",
  "logLevel",
  "idleExitMs",
  "cpuThreshold",
  "memoryReserve",
  "settlingWindowMs",
  "queues",
  "defaultAgent",
  "agents"
]

/** The first words of the keys that there are. */
export const keyNames: ReadonlyArray<string> = keys

/** The environment variables that override a key. */
const variables: ReadonlyArray<readonly [Key, string]> = [
  ["timeout", "TASK_TIMEOUT"],
  ["maxOutputBytes", "MAX_OUTPUT_BUFFER"],
  ["logLevel", "LOG_LEVEL"],
  ["idleExitMs", "BACKBEAT_IDLE_EXIT_MS"],
  ["cpuThreshold", "CPU_THRESHOLD"],
  ["memoryReserve", "MEMORY_RESERVE"],
  ["settlingWindowMs", "WORKER_SETTLING_WINDOW_MS"],
  ["defaultAgent", "BACKBEAT_DEFAULT_AGENT"]
]

const sift = makeSift(Configuration)

const fromText = (key: Key, text: string): unknown => (key === "logLevel" || key === "defaultAgent" ? text : Number(text))

const isKey = (name: string): name is Key => keyNames.includes(name)

const unknownKey = (name: string): ConfigurationFlaw => {
  const near = nearest(name, keyNames)
  const message = `unknown key; ${near === null ? "" : `did you mean ${near}? `}known: ${keyNames.join(", ")}`
  return { at: [name], path: showPath([name]), kind: "unknown", message }
}

/** Resolves the configuration from the file's content (any JSON, undefined when there is no file) and an environment. */
export const resolve = (file: unknown, environment: Readonly<Record<string, string | undefined>>): Sifted => {
  let config = defaults
  const sources = new Map<string, Source>(keys.map((key) => [key, "default"]))
  const flaws: Array<ConfigurationFlaw> = []
  const take = (key: Key, value: unknown, source: Source) => {
    const sifted = sift(config, key, value)
    flaws.push(...sifted.flaws)
    if (sifted.config === null) return
    config = sifted.config
    sources.set(key, source)
  }
  if (Predicate.isObject(file) && !Array.isArray(file)) {
    for (const [key, value] of Object.entries(file)) {
      if (isKey(key)) take(key, value, "file")
      else flaws.push(unknownKey(key))
    }
  } else if (file !== undefined) flaws.push({ at: [], path: "", kind: "value", message: "the file does not hold a JSON object" })
  for (const [key, name] of variables) {
    const text = environment[name]
    if (text !== undefined && text !== "") take(key, fromText(key, text), "environment")
  }
  const problems = flaws.map(({ path, message }) => ({ key: path, message }))
  return { config, sources: Object.fromEntries(sources), problems, flaws }
}

/** The file's content with one key set, or removed when the value is undefined. A name in the key may itself have dots. */
export const withKey = (file: unknown, key: ReadonlyArray<string>, value: unknown): Record<string, unknown> => {
  const [head = "", ...rest] = key
  const old = Predicate.isObject(file) && !Array.isArray(file) ? { ...file } : {}
  const entries = new Map<string, unknown>(Object.entries(old))
  const next = rest.length === 0 ? value : withKey(entries.get(head), rest, value)
  if (next === undefined || (rest.length > 0 && Predicate.isObject(next) && Object.keys(next).length === 0)) {
    entries.delete(head)
  } else entries.set(head, next)
  return Object.fromEntries(entries)
}
