/**
 * Resolves the configuration: environment over file over defaults. An invalid value is reported,
 * and only it falls back.
 */
import { showPath } from "@backbeat/contract/decodePayload"
import { nearest } from "@backbeat/contract/nearest"
import * as Predicate from "effect/Predicate"
import { agentFlaws, flawsOfDefault } from "./agentFlaws.ts"
import { Configuration, defaults } from "./configuration.ts"
import { type ConfigurationFlaw, makeDropInvalid } from "./dropInvalid.ts"

/** Where a value comes from. */
export type Source = "default" | "file" | "environment"

/** The current configuration, the source of each value, and the rejected values. */
export interface Resolved {
  readonly config: Configuration
  readonly sources: Readonly<Record<string, Source>>
  /** The variable that sets a value, by key. */
  readonly variables: Readonly<Record<string, string>>
  /** Variables of older systems that are set but have no effect. */
  readonly ignored: ReadonlyArray<IgnoredVariable>
  readonly problems: ReadonlyArray<{ readonly key: string; readonly message: string }>
}

/** The same, with the flaws by their place. */
interface ResolvedWithFlaws extends Resolved {
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
  "format",
  "idleExitMs",
  "agentExitMs",
  "cpuThreshold",
  "memoryReserve",
  "settlingWindowMs",
  "queues",
  "defaultAgent",
  "agents"
]

/** The names of all keys. */
export const keyNames: ReadonlyArray<string> = keys

/**
 * The environment variables that override a key; the first that is set counts. Names without a
 * prefix are those of older systems.
 */
const variables: ReadonlyArray<readonly [Key, ReadonlyArray<string>]> = [
  ["timeout", ["BACKBEAT_TASK_TIMEOUT", "TASK_TIMEOUT"]],
  ["maxOutputBytes", ["BACKBEAT_MAX_OUTPUT_BUFFER", "MAX_OUTPUT_BUFFER"]],
  ["logLevel", ["BACKBEAT_LOG_LEVEL", "LOG_LEVEL"]],
  ["idleExitMs", ["BACKBEAT_IDLE_EXIT_MS"]],
  ["cpuThreshold", ["BACKBEAT_CPU_THRESHOLD", "CPU_THRESHOLD"]],
  ["memoryReserve", ["BACKBEAT_MEMORY_RESERVE", "MEMORY_RESERVE"]],
  ["settlingWindowMs", ["BACKBEAT_SETTLING_WINDOW_MS", "WORKER_SETTLING_WINDOW_MS"]],
  ["defaultAgent", ["BACKBEAT_DEFAULT_AGENT"]]
]

/** A variable without effect, and what to use instead. */
export interface IgnoredVariable {
  readonly name: string
  readonly instead: string
}

/** Variables that older systems read and backbeat does not. */
const withoutEffect: ReadonlyArray<IgnoredVariable> = [
  {
    name: "WORKER_MIN_SPAWN_DELAY_MS",
    instead:
      "settlingWindowMs: a new task of the queue agents counts with the memory that it is expected to take"
  },
  {
    name: "CPU_CORES_RESERVED",
    instead: "cpuThreshold: the queue agents starts no task above that percentage of CPU use"
  }
]

const isSet = (environment: Readonly<Record<string, string | undefined>>, name: string): boolean =>
  (environment[name] ?? "") !== ""

/** The variables of an environment that have no effect. */
export const ignoredIn = (
  environment: Readonly<Record<string, string | undefined>>
): ReadonlyArray<IgnoredVariable> => withoutEffect.filter(({ name }) => isSet(environment, name))

/** Whether other programs may use this variable too. */
export const isBare = (name: string): boolean => !name.startsWith("BACKBEAT_")

/** The source of a value, for a sentence; null for a default. */
export const originIn = ({ sources, variables: setBy }: Resolved, key: Key): string | null => {
  if (sources[key] === "file") return `the setting ${key}`
  return sources[key] === "environment" ? `the variable ${setBy[key]}` : null
}

const dropInvalid = makeDropInvalid(Configuration)

const fromText = (key: Key, text: string): unknown =>
  key === "logLevel" || key === "defaultAgent" ? text : Number(text)

const isKey = (name: string): name is Key => keyNames.includes(name)

const unknownKey = (name: string): ConfigurationFlaw => {
  const near = nearest(name, keyNames)
  const message = `unknown key; ${near === null ? "" : `did you mean ${near}? `}known: ${keyNames.join(", ")}`
  return { at: [name], path: showPath([name]), kind: "unknown", message }
}

/** The agents must be known before the default agent is checked. */
const defaultAgentLast = (
  [one]: readonly [string, unknown],
  [other]: readonly [string, unknown]
): number => Number(one === "defaultAgent") - Number(other === "defaultAgent")

/**
 * Resolves the configuration from the file's content (any JSON, or undefined without a file) and an
 * environment.
 */
export const resolve = (
  file: unknown,
  environment: Readonly<Record<string, string | undefined>>
): ResolvedWithFlaws => {
  let config = defaults
  const sources = new Map<string, Source>(keys.map((key) => [key, "default"]))
  const flaws: Array<ConfigurationFlaw> = []
  const take = (key: Key, value: unknown, source: Source) => {
    const valid = dropInvalid(config, key, value)
    const lost = valid.config === null ? [] : flawsOfDefault(valid.config)
    flaws.push(...valid.flaws, ...lost)
    if (valid.config === null || lost.length > 0) return
    config = valid.config
    sources.set(key, source)
  }
  if (Predicate.isObject(file) && !Array.isArray(file)) {
    for (const [key, value] of Object.entries(file).toSorted(defaultAgentLast)) {
      if (isKey(key)) take(key, value, "file")
      else flaws.push(unknownKey(key))
    }
  } else if (file !== undefined)
    flaws.push({ at: [], path: "", kind: "value", message: "is not a JSON object" })
  const setBy = new Map<string, string>()
  for (const [key, names] of variables) {
    const name = names.find((each) => isSet(environment, each))
    if (name === undefined) continue
    const before = flaws.length
    take(key, fromText(key, environment[name] ?? ""), "environment")
    if (flaws.length === before) setBy.set(key, name)
    // A setting in the file would not help.
    for (const flaw of flaws.splice(before))
      flaws.push({ ...flaw, message: `${flaw.message} (set by the variable ${name})` })
  }
  flaws.push(...agentFlaws(config))
  const problems = flaws.map(({ path, message }) => ({ key: path, message }))
  return {
    config,
    sources: Object.fromEntries(sources),
    variables: Object.fromEntries(setBy),
    ignored: ignoredIn(environment),
    problems,
    flaws
  }
}

/**
 * The file's content with one key set, or removed if the value is undefined. A name in the key may
 * contain dots.
 */
export const withKey = (
  file: unknown,
  key: ReadonlyArray<string>,
  value: unknown
): Record<string, unknown> => {
  const [head = "", ...rest] = key
  const old = Predicate.isObject(file) && !Array.isArray(file) ? { ...file } : {}
  const entries = new Map<string, unknown>(Object.entries(old))
  const next = rest.length === 0 ? value : withKey(entries.get(head), rest, value)
  if (
    next === undefined ||
    (rest.length > 0 && Predicate.isObject(next) && Object.keys(next).length === 0)
  ) {
    entries.delete(head)
  } else entries.set(head, next)
  return Object.fromEntries(entries)
}
