/**
 * What a process has from those that started it, and hands to what it starts: priority, limits, and the walls of a sandbox. Whoever makes
 * the first call of a home decides it for all of its tasks, so it is compared and told.
 */
import { readFileSync, readlinkSync } from "node:fs"
import { hasProc } from "./ProcessTable.ts"

/** Each attribute by its name for people. */
export type Inherited = ReadonlyMap<string, string>

const namespaces = ["mnt", "net", "pid", "user", "ipc"]

/** In which limit the two differ although neither was set by anybody: the runtime raises the soft limit of open files to the hard one. */
const raisedByRuntime = "open files"

/** The limits that a command can meet. The others concern dumps, queues and realtime, or are not enforced. */
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

/** Source: proc_pid_limits(5). */
const fromLimits = (text: string): ReadonlyArray<readonly [string, string]> =>
  text.split("\n").flatMap((line) => {
    const [, name = "", soft = "", hard = ""] =
      /^Max ([a-z -]+?)\s{2,}(\S+)\s+(\S+)/u.exec(line) ?? []
    return limits.has(name)
      ? [[`${name} limit`, name === raisedByRuntime ? hard : soft] as const]
      : []
  })

/** Source: proc_pid_stat(5), field 19. */
const niceOf = (stat: string): string => stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16] ?? ""

/** The attributes of a process; null when it is gone, another user's, or there is no /proc. */
export const readInherited = (pid: number): Inherited | null => {
  if (!hasProc) return null
  try {
    const at = `/proc/${pid}`
    return new Map([
      ["nice", niceOf(readFileSync(`${at}/stat`, "latin1"))],
      ...fromStatus(readFileSync(`${at}/status`, "latin1")),
      ...fromLimits(readFileSync(`${at}/limits`, "latin1")),
      ...namespaces.map((name) => [`${name} namespace`, readlinkSync(`${at}/ns/${name}`)] as const)
    ])
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

let known: Inherited | null | undefined

/** What this engine has inherited. */
export const ownInheritance = (): Inherited | null => (known ??= readInherited(process.pid))

const told = (name: string, own: string, theirs: string): string =>
  name.endsWith(" namespace") ? `another ${name}` : `${name} ${own} (the caller: ${theirs})`

/** In what the engine, and so each of its tasks, differs from its caller; nothing where that cannot be told. */
export const differencesFrom = (callerPid: number): ReadonlyArray<string> => {
  const own = ownInheritance()
  const theirs = own !== null && isCaller(callerPid) ? readInherited(callerPid) : null
  if (own === null || theirs === null) return []
  return [...own].flatMap(([name, value]) => {
    const other = theirs.get(name)
    return other === undefined || other === value ? [] : [told(name, value, other)]
  })
}

/** What is done about it. */
export const inheritanceFix =
  "Tasks inherit from the engine, and the engine from the call that started it. To change that, run engine stop, and call again from where tasks are to run."

/** The warning for a start; none when there is no difference. */
export const inheritanceWarnings = (callerPid: number): ReadonlyArray<string> => {
  const differences = differencesFrom(callerPid)
  return differences.length === 0
    ? []
    : [`Tasks do not run as their caller does: ${differences.join(", ")}. ${inheritanceFix}`]
}
