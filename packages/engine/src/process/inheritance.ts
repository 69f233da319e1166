/**
 * What a process inherits from its parent and passes on: priority, limits and sandbox. Tasks inherit from the engine. It is compared with
 * the caller's: soft limits and priority are set for the task where that is permitted, the rest is reported.
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

/** In which limit the two differ although neither was set by anybody: the runtime raises the soft limit of open files to the hard one. */
const raisedByRuntime = "open files"

/** Set for a task like the others, and never warned of: it concerns dumps. */
const dumpLimit = "core file size"

/** The limits that a command can meet. The others concern queues and realtime, or are not enforced. */
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

/** Lines of /proc/PID/status: the field, the name for people, and how its value is told. Source: proc_pid_status(5). */
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

/** One limit as it counts here: the soft one, and up to where that may be raised. */
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

/** Field and bit of the capability to lower a nice value. Source: capabilities(7). */
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

/** The attributes of a process; null when it is gone, another user's, or there is no /proc. */
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

/** Whether a pid that a caller gave as its own is that of a process like this one: in another pid namespace it means a stranger. */
const isCaller = (pid: number): boolean => {
  try {
    return pid > 1 && exeOf(pid) === exeOf(process.pid)
  } catch {
    return false
  }
}

let known: Attributes | null | undefined

const ownAttributes = (): Attributes | null => (known ??= readAttributes(process.pid))

/** What this engine has inherited. */
export const ownInheritance = (): Inherited | null => ownAttributes()?.inherited ?? null

const told = (name: string, own: string, theirs: string): string =>
  name.endsWith(" namespace") ? `another ${name}` : `${name} ${own} (the caller: ${theirs})`

/** A caller compared with this engine: what its tasks get of its own, and in what they differ from it all the same. */
interface Comparison {
  readonly limits: ProcessLimits | null
  readonly differences: ReadonlyArray<string>
}

const same: Comparison = { limits: null, differences: [] }

const isWithin = (soft: string, hard: string): boolean =>
  hard === "unlimited" || (soft !== "unlimited" && Number(soft) <= Number(hard))

/** The soft limits of the caller that this engine's processes may take. */
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

/** Who calls, by its pid. */
interface Caller {
  readonly pid: number
}

const compared = new WeakMap<Caller, Comparison>()

/** A caller is looked at once a call. Where it cannot be told, it counts as the same. */
const comparisonWith = (caller: Caller): Comparison => {
  const before = compared.get(caller)
  if (before !== undefined) return before
  const own = ownAttributes()
  const theirs = own !== null && isCaller(caller.pid) ? readAttributes(caller.pid) : null
  const comparison = own === null || theirs === null ? same : compare(own, theirs)
  compared.set(caller, comparison)
  return comparison
}

/** The soft limits and the priority of a caller that its tasks get; null where this engine has the same. */
export const limitsOf = (caller: Caller): ProcessLimits | null => comparisonWith(caller).limits

/** In what each task of a caller differs from it. */
export const differencesFrom = (caller: Caller): ReadonlyArray<string> =>
  comparisonWith(caller).differences

/** What is done about it. */
export const inheritanceFix: Hint = [
  "Tasks inherit from the engine, and the engine from the call that started it.",
  sentence`To change this, run ${callOf("engine stop")}, and make the next call from the environment in which tasks should run.`
]

/** The warning for a start; none when there is no difference. */
export const inheritanceWarnings = (caller: Caller, surface: Surface): ReadonlyArray<string> => {
  const differences = differencesFrom(caller)
  return differences.length === 0
    ? []
    : [
        `Tasks differ from this call: ${differences.join(", ")}. ${writeHint(inheritanceFix, surface)}`
      ]
}
