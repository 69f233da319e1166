/** The configuration: environment over file over defaults. One bad value is reported and falls back alone. */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Queue = Schema.Struct({ concurrency: between(1, 10_000) })

/** Every key with its type. Times in milliseconds, sizes in bytes; `timeout` null = no limit. */
export const Configuration = Schema.Struct({
  timeout: Schema.NullOr(between(1000, 86_400_000)),
  maxOutputBytes: between(1024, 1_073_741_824),
  maxDepth: between(1, 100),
  maxLive: between(1, 1_000_000),
  retentionDays: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 36_500 })),
  logRetentionPerJob: between(1, 100_000),
  logLevel: Schema.Literals(["debug", "info", "warn", "error"]),
  idleExitMs: between(100, 86_400_000),
  queues: Schema.Record(Schema.String, Queue)
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
  queues: {}
}

/** Where a value comes from. */
export type Source = "default" | "file" | "environment"

/** The configuration in force, where each value comes from, and which were refused. */
export interface Resolved {
  readonly config: Configuration
  readonly sources: Readonly<Record<string, Source>>
  readonly problems: ReadonlyArray<{ readonly key: string; readonly message: string }>
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
  "queues"
]

/** The first words of the keys that there are. */
export const keyNames: ReadonlyArray<string> = keys

/** The environment variables that override a key. */
const variables: ReadonlyArray<readonly [Key, string]> = [
  ["timeout", "TASK_TIMEOUT"],
  ["maxOutputBytes", "MAX_OUTPUT_BUFFER"],
  ["logLevel", "LOG_LEVEL"],
  ["idleExitMs", "BACKBEAT_IDLE_EXIT_MS"]
]

const decodeAll = Schema.decodeUnknownResult(Configuration, { errors: "all" })

/** One key's value laid over a configuration; the message says why it was refused. */
const lay = (config: Configuration, key: string, value: unknown): Result.Result<Configuration, string> =>
  Result.mapError(decodeAll({ ...config, [key]: value }), (error) => error.message.replaceAll("\n", " "))

const fromText = (key: Key, text: string): unknown => (key === "logLevel" ? text : Number(text))

/** Resolves the configuration from the file's content (any JSON, undefined when there is no file) and an environment. */
export const resolve = (file: unknown, environment: Readonly<Record<string, string | undefined>>): Resolved => {
  let config = defaults
  const sources = new Map<string, Source>(keys.map((key) => [key, "default"]))
  const problems: Array<{ key: string; message: string }> = []
  const take = (key: string, value: unknown, source: Source) => {
    const laid = lay(config, key, value)
    if (Result.isFailure(laid)) problems.push({ key, message: laid.failure })
    else {
      config = laid.success
      sources.set(key, source)
    }
  }
  if (Predicate.isObject(file) && !Array.isArray(file)) {
    for (const [key, value] of Object.entries(file)) {
      if (keyNames.includes(key)) take(key, value, "file")
      else problems.push({ key, message: `unknown key; known: ${keyNames.join(", ")}` })
    }
  } else if (file !== undefined) problems.push({ key: "", message: "the file does not hold a JSON object" })
  for (const [key, name] of variables) {
    const text = environment[name]
    if (text !== undefined && text !== "") take(key, fromText(key, text), "environment")
  }
  return { config, sources: Object.fromEntries(sources), problems }
}

/** The file's content with one dotted key set, or removed when the value is undefined. */
export const withKey = (file: unknown, dotted: string, value: unknown): Record<string, unknown> => {
  const [head = "", ...rest] = dotted.split(".")
  const old = Predicate.isObject(file) && !Array.isArray(file) ? { ...file } : {}
  const entries = new Map<string, unknown>(Object.entries(old))
  const next = rest.length === 0 ? value : withKey(entries.get(head), rest.join("."), value)
  if (next === undefined || (rest.length > 0 && Predicate.isObject(next) && Object.keys(next).length === 0)) {
    entries.delete(head)
  } else entries.set(head, next)
  return Object.fromEntries(entries)
}
