/** Resolves the configuration: environment over file over defaults. One bad value is reported and falls back alone. */
import { showPath } from "@backbeat/contract/decodePayload"
import { nearest } from "@backbeat/contract/nearest"
import * as Predicate from "effect/Predicate"
import { agentFlaws, flawsOfDefault } from "./agentFlaws.ts"
import { Configuration, defaults } from "./configuration.ts"
import { type ConfigurationFlaw, makeSift } from "./sift.ts"

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
  "agentExitMs",
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

/** Which agents there are has to be known before one of them can be the default. */
const defaultAgentLast = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  Number(one === "defaultAgent") - Number(other === "defaultAgent")

/** Resolves the configuration from the file's content (any JSON, undefined when there is no file) and an environment. */
export const resolve = (file: unknown, environment: Readonly<Record<string, string | undefined>>): Sifted => {
  let config = defaults
  const sources = new Map<string, Source>(keys.map((key) => [key, "default"]))
  const flaws: Array<ConfigurationFlaw> = []
  const take = (key: Key, value: unknown, source: Source) => {
    const sifted = sift(config, key, value)
    const lost = sifted.config === null ? [] : flawsOfDefault(sifted.config)
    flaws.push(...sifted.flaws, ...lost)
    if (sifted.config === null || lost.length > 0) return
    config = sifted.config
    sources.set(key, source)
  }
  if (Predicate.isObject(file) && !Array.isArray(file)) {
    for (const [key, value] of Object.entries(file).toSorted(defaultAgentLast)) {
      if (isKey(key)) take(key, value, "file")
      else flaws.push(unknownKey(key))
    }
  } else if (file !== undefined) flaws.push({ at: [], path: "", kind: "value", message: "the file does not hold a JSON object" })
  for (const [key, name] of variables) {
    const text = environment[name]
    if (text === undefined || text === "") continue
    const before = flaws.length
    take(key, fromText(key, text), "environment")
    // No setting of the file mends it.
    for (const flaw of flaws.splice(before)) flaws.push({ ...flaw, message: `${flaw.message} (set by the variable ${name})` })
  }
  flaws.push(...agentFlaws(config))
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
