/**
 * Compares what processes inherit: priority, limits and sandbox. Tasks inherit from the engine.
 * Soft limits and priority of the caller are set for the task if permitted; other differences are
 * reported.
 */
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { callOf, type Hint, sentence } from "@backbeat/contract/Text"
import type { ProcessLimits } from "@backbeat/core/task/TaskSpec"
import { readFileSync, readlinkSync } from "../system/files.ts"
import { niceCommand } from "./processLimits.ts"
import { hasProc } from "./ProcessTable.ts"

/** Each attribute by its name for people. */
export type Inherited = ReadonlyMap<string, string>

const namespaces = ["mnt", "net", "pid", "user", "ipc"]

/**
 * A limit that always differs: the runtime raises the soft limit of open files to the hard limit.
 */
const raisedByRuntime = "open files"

/** Set for a task like the others, but never reported: it concerns core dumps. */
const dumpLimit = "core file size"

/**
 * The limits that a command can reach. The others concern queues and realtime, or are not enforced.
 */
const limits = new Set([
  "cpu time",
  "file size",
  "data size",
  "stack size",
  "processes",
  "open files",
  "locked memory",
  "address space"
])

const seccompModes: Readonly<Record<string, string>> = { "0": "off", "1": "strict", "2": "filter" }

/**
 * Lines of /proc/PID/status: the field, its name for people, and how its value is shown. Source:
 * proc_pid_status(5).
 */
const statusFields: ReadonlyArray<readonly [string, string, (value: string) => string]> = [
  ["NoNewPrivs", "no new privileges", (value) => (value === "0" ? "off" : "on")],
  ["Seccomp", "seccomp", (value) => seccompModes[value] ?? value],
  ["CapBnd", "capabilities (bounding set)", (value) => value],
  ["Cpus_allowed_list", "CPUs", (value) => value]
]

const fromStatus = (text: string): ReadonlyArray<readonly [string, string]> =>
  statusFields.flatMap(([field, name, tell]) => {
    const value = new RegExp(`^${field}:\\s*(\\S+)`, "mu").exec(text)?.[1]
    return value === undefined ? [] : [[name, tell(value)] as const]
  })

/** A limit: its soft value, and the hard value up to which it may be raised. */
interface Limit {
  readonly soft: string
  readonly hard: string
}

/** Source: proc_pid_limits(5). */
const parseLimits = (text: string): ReadonlyMap<string, Limit> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const [, name = "", soft = "", hard = ""] =
        /^Max ([a-z -]+?)\s{2,}(\S+)\s+(\S+)/u.exec(line) ?? []
      return limits.has(name) || name === dumpLimit
        ? [[name, { soft: name === raisedByRuntime ? hard : soft, hard }] as const]
        : []
    })
  )

/** Source: proc_pid_stat(5), field 19. */
const niceOf = (stat: string): string => stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16] ?? ""

/** The field and bit of the capability to lower a nice value. Source: capabilities(7). */
const mayPrioritize = (status: string): boolean => {
  const effective = /^CapEff:\s*([0-9a-f]+)/mu.exec(status)?.[1] ?? "0"
  return ((BigInt(`0x${effective}`) >> 23n) & 1n) === 1n
}

interface Attributes {
  readonly inherited: Inherited
  readonly nice: number
  readonly limits: ReadonlyMap<string, Limit>
  readonly mayPrioritize: boolean
}

/** The attributes of a process; null if it is gone, another user's, or there is no /proc. */
const readAttributes = (pid: number): Attributes | null => {
  if (!hasProc) return null
  try {
    const at = `/proc/${pid}`
    const status = readFileSync(`${at}/status`, "latin1")
    const nice = niceOf(readFileSync(`${at}/stat`, "latin1"))
    const found = parseLimits(readFileSync(`${at}/limits`, "latin1"))
    const inherited = new Map([
      ["nice", nice],
      ...fromStatus(status),
      ...[...found].map(([name, { soft }]) => [`${name} limit`, soft] as const),
      ...namespaces.map((name) => [`${name} namespace`, readlinkSync(`${at}/ns/${name}`)] as const)
    ])
    return { inherited, nice: Number(nice), limits: found, mayPrioritize: mayPrioritize(status) }
  } catch {
    return null
  }
}

const exeOf = (pid: number): string =>
  readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/u, "")

/**
 * Whether the pid of a caller belongs to a process like this one: in another pid namespace it is
 * another process.
 */
const isCaller = (pid: number): boolean => {
  try {
    return pid > 1 && exeOf(pid) === exeOf(process.pid)
  } catch {
    return false
  }
}

let known: Attributes | null | undefined

const ownAttributes = (): Attributes | null => (known ??= readAttributes(process.pid))

/** The attributes of this engine. */
export const ownInheritance = (): Inherited | null => ownAttributes()?.inherited ?? null

const told = (name: string, own: string, theirs: string): string =>
  name.endsWith(" namespace") ? `another ${name}` : `${name} ${own} (the caller: ${theirs})`

/**
 * The comparison of a caller with this engine: which of its values its tasks get, and which
 * differences remain.
 */
interface Comparison {
  readonly limits: ProcessLimits | null
  readonly differences: ReadonlyArray<string>
}

const same: Comparison = { limits: null, differences: [] }

const isWithin = (soft: string, hard: string): boolean =>
  hard === "unlimited" || (soft !== "unlimited" && Number(soft) <= Number(hard))

/** The soft limits of the caller that this engine's processes may have. */
const softLimits = (own: Attributes, theirs: Attributes): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...own.limits].flatMap(([name, { soft, hard }]) => {
      const other = theirs.limits.get(name)?.soft
      return other === undefined || other === soft || !isWithin(other, hard)
        ? []
        : [[name, other] as const]
    })
  )

const niceFor = (own: Attributes, theirs: Attributes): number | null =>
  own.nice !== theirs.nice &&
  (theirs.nice > own.nice || own.mayPrioritize) &&
  niceCommand() !== null
    ? theirs.nice
    : null

const compare = (own: Attributes, theirs: Attributes): Comparison => {
  const soft = softLimits(own, theirs)
  const nice = niceFor(own, theirs)
  const set = new Set([
    ...Object.keys(soft).map((name) => `${name} limit`),
    ...(nice === null ? [] : ["nice"]),
    `${dumpLimit} limit`
  ])
  const differences = [...own.inherited].flatMap(([name, value]) => {
    const other = theirs.inherited.get(name)
    return other === undefined || other === value || set.has(name) ? [] : [told(name, value, other)]
  })
  const isAlike = nice === null && Object.keys(soft).length === 0
  return {
    limits: isAlike
      ? null
      : { ...(nice === null ? {} : { nice }), ...(Object.keys(soft).length === 0 ? {} : { soft }) },
    differences
  }
}

/** The caller, by its pid. */
interface Caller {
  readonly pid: number
}

const compared = new WeakMap<Caller, Comparison>()

/** A caller is compared once per call. If that is not possible, it counts as equal. */
const comparisonWith = (caller: Caller): Comparison => {
  const before = compared.get(caller)
  if (before !== undefined) return before
  const own = ownAttributes()
  const theirs = own !== null && isCaller(caller.pid) ? readAttributes(caller.pid) : null
  const comparison = own === null || theirs === null ? same : compare(own, theirs)
  compared.set(caller, comparison)
  return comparison
}

/** The soft limits and priority of a caller that its tasks get; null if the engine has the same. */
export const limitsOf = (caller: Caller): ProcessLimits | null => comparisonWith(caller).limits

/** The differences between a caller and its tasks. */
export const differencesFrom = (caller: Caller): ReadonlyArray<string> =>
  comparisonWith(caller).differences

/** What to do about it. */
export const inheritanceFix: Hint = [
  "Tasks inherit from the engine, and the engine from the call that started it.",
  sentence`To change this, run ${callOf("engine stop")}, and make the next call from the environment in which tasks should run.`
]

/** The warning for a start; none without differences. */
export const inheritanceWarnings = (caller: Caller, surface: Surface): ReadonlyArray<string> => {
  const differences = differencesFrom(caller)
  return differences.length === 0
    ? []
    : [
        `Tasks differ from this call: ${differences.join(", ")}. ${writeHint(inheritanceFix, surface)}`
      ]
}
