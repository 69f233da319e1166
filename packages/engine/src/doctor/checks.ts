/** The checks of `doctor` that need no engine, each with a fix. */
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { callOf, flagOf, type Hint, sentence } from "@backbeat/contract/Text"
import { socketName } from "@backbeat/contract/protocol"
import type { AgentEntry } from "@backbeat/contract/operation/agents"
import type { Output } from "@backbeat/contract/table"
import { lstatSync, accessSync, constants, statfsSync, statSync } from "node:fs"
import { join } from "node:path"
import { logName } from "../life/announce.ts"
import { lockName } from "../life/acquireHomeLock.ts"
import { type IgnoredVariable, isBare, type Resolved } from "../configuration/resolve.ts"
import { describeRefusal, refusalToWatch } from "../alarm/onChange.ts"
import { errorMessage } from "../process/thrown.ts"
import { differencesFrom, inheritanceFix, ownInheritance } from "../process/inheritance.ts"
import { problemsOf } from "./agentProblems.ts"

/** One check of the answer. */
export interface Check extends Omit<Output<"doctor">["checks"][number], "fix"> {
  readonly fix: Hint | null
}

const lowDiskBytes = 1_000_000_000
/** Less than a few transitions need in the database. */
const fullDiskBytes = 100_000
const gigabyte = 1_000_000_000
/** The longest path of a unix socket in bytes. Source: unix(7), sun_path without its NUL. */
const socketPathMaxBytes = 107

/** Makes a check. */
export const check = (
  name: string,
  status: Check["status"],
  message: string,
  fix: Hint | null = null
): Check => ({
  name,
  status,
  message,
  fix
})

/** Checks who can read the home. */
export const checkHome = (root: string): Check => {
  const { uid, mode } = statSync(root)
  if (uid !== process.getuid?.())
    return check(
      "home",
      "fail",
      `${root} belongs to user ${uid}`,
      sentence`Use your own home: set ${flagOf("home")} or BACKBEAT_HOME.`
    )
  const open = mode & 0o077
  return open === 0
    ? check("home", "ok", `${root} is readable by you alone`)
    : check(
        "home",
        "warn",
        `${root} is open to others (mode ${(mode & 0o777).toString(8)})`,
        `chmod 700 ${root}`
      )
}

/** Why a folder is not writable; null if it is. */
const refusalToWrite = (root: string): string | null => {
  try {
    accessSync(root, constants.W_OK)
    return null
  } catch (thrown) {
    return errorMessage(thrown)
  }
}

/** Checks the free disk space for the home. */
export const checkDisk = (root: string): Check => {
  const refusal = refusalToWrite(root)
  if (refusal !== null)
    return check(
      "disk",
      "fail",
      `${root} cannot be written (${refusal}): changes of tasks, including their ends, may not be stored`,
      "Make the disk writable."
    )
  const { bavail, bsize } = statfsSync(root)
  const free = bavail * bsize
  const message = `${(free / gigabyte).toFixed(1)} GB free`
  if (free < fullDiskBytes)
    return check(
      "disk",
      "fail",
      `${message}: changes of tasks, including their ends, cannot be stored`,
      "Free disk space."
    )
  return free < lowDiskBytes
    ? check("disk", "warn", message, sentence`Free disk space, or run ${callOf("prune")}.`)
    : check("disk", "ok", message)
}

const isRegularOrMissing = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) === undefined ||
  statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** Checks whether an engine can lock the home; null if nothing prevents it. */
export const checkLock = (root: string): Check | null => {
  const path = join(root, lockName)
  if (isRegularOrMissing(path)) return null
  return check(
    "lock",
    "fail",
    `${path} is not a regular file: no engine can start`,
    "Move it away. The next engine creates the lock."
  )
}

/** Checks whether the engine can write its log; null if nothing prevents it. */
export const checkLog = (root: string): Check | null => {
  const path = join(root, logName)
  if (isRegularOrMissing(path)) return null
  return check("log", "warn", `${path} is not a regular file: the engine writes no log`, [
    "Move it away.",
    sentence`Then run ${callOf("engine stop")}.`,
    "The next engine creates the log."
  ])
}

/** Checks the length of the socket's path. */
export const checkSocket = (root: string): Check => {
  const bytes = Buffer.byteLength(join(root, socketName))
  return bytes <= socketPathMaxBytes
    ? check("socket", "ok", `the socket's path has ${bytes} bytes`)
    : check(
        "socket",
        "ok",
        `the socket's path has ${bytes} bytes, more than ${socketPathMaxBytes}; calls use a relative path`
      )
}

/**
 * Checks whether the system reports file changes. The limit belongs to the user, not to the home.
 * Source: inotify(7).
 */
export const checkWatches = (root: string): Check => {
  const refusal = refusalToWatch(root)
  return refusal === null
    ? check("watches", "ok", "the system reports file changes")
    : check(
        "watches",
        "warn",
        describeRefusal(refusal),
        "Raise fs.inotify.max_user_watches or fs.inotify.max_user_instances, or stop programs that watch many files."
      )
}

/** Checks the clock of the machine. */
export const checkClock = (): Check => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const year = new Date().getUTCFullYear()
  return year < 2026
    ? check("clock", "fail", `the clock says ${new Date().toISOString()}`, "Set the clock.")
    : check("clock", "ok", `${new Date().toISOString()}, zone ${zone}`)
}

/** Checks whether tasks inherit the limits and priority of their caller. */
export const checkInheritance = (caller: { readonly pid: number }): Check => {
  if (ownInheritance() === null)
    return check(
      "inheritance",
      "ok",
      "tasks have the limits and the priority of the engine; this system does not report them"
    )
  const differences = differencesFrom(caller)
  return differences.length === 0
    ? check("inheritance", "ok", "tasks have the limits, the priority and the sandbox of this call")
    : check(
        "inheritance",
        "warn",
        `tasks differ from this call: ${differences.join(", ")}`,
        inheritanceFix
      )
}

const describeSources = ({ sources, variables }: Resolved): string => {
  const byVariable = Object.entries(variables).map(([key, name]) => `${key} by ${name}`)
  const inFile = Object.keys(sources).filter((key) => sources[key] === "file")
  return [
    "every value is valid",
    ...(byVariable.length === 0 ? [] : [`set by variables: ${byVariable.join(", ")}`]),
    ...(inFile.length === 0 ? [] : [`set in the file: ${inFile.join(", ")}`])
  ].join("; ")
}

/** Checks how the processes of a task can be found on this system. */
export const checkTracking = (): Check =>
  process.platform === "linux"
    ? check(
        "processes",
        "ok",
        "stop finds the processes of a task by group, environment and descriptor"
      )
    : check(
        "processes",
        "warn",
        "stop finds the processes of a task by process group only",
        "Avoid commands that call setsid."
      )

/** Checks the installed and the configured agents. */
export const checkAgents = (agents: ReadonlyArray<AgentEntry>): ReadonlyArray<Check> => {
  const found = agents.filter(
    (each) => each.installed || each.default || each.permissionMode === "full"
  )
  if (found.length === 0)
    return [check("agents", "ok", "no agent is installed; commands and scripts need none")]
  return found.flatMap((each): ReadonlyArray<Check> => {
    const problems = problemsOf(each)
    const name = `agent ${each.agent}`
    return problems.length === 0
      ? [
          check(
            name,
            "ok",
            `${each.version ?? each.command}${each.auth.where === null ? "" : `, login found in ${each.auth.where}`}`
          )
        ]
      : problems.map(({ message, fix }) => check(name, "warn", message, fix))
  })
}

/** Checks the values of the configuration. */
export const checkConfiguration = (
  resolved: Resolved,
  configPath: string
): ReadonlyArray<Check> => {
  const { config, problems, variables } = resolved
  const bare = Object.entries(variables).filter(([, name]) => isBare(name))
  const foreign = bare.map(([key, name]) => {
    const value = Object.entries(config).find(([each]) => each === key)?.[1]
    return check(
      "config",
      "warn",
      `${key} is ${JSON.stringify(value)}: the variable ${name} sets it, and other programs use that variable too`,
      [
        `Set BACKBEAT_${name.replace("WORKER_", "")} or the setting ${key}, which only backbeat uses.`,
        sentence`Then run ${callOf("engine stop")}: a running engine keeps its variables.`
      ]
    )
  })
  if (problems.length === 0)
    return foreign.length === 0 ? [check("config", "ok", describeSources(resolved))] : foreign
  return [
    ...foreign,
    ...problems.map(({ key, message }) =>
      key === ""
        ? check("config", "warn", `${configPath} ${message}`, "Correct the file, or move it away.")
        : check("config", "warn", `${key}: ${message}`, [
            sentence`Run ${callOf("config set")} or ${callOf("config reset")}.`,
            sentence`If a variable sets the value, change the variable and run ${callOf("engine stop")}: a running engine keeps its variables.`
          ])
    )
  ]
}

/** Warns about variables of older systems that have no effect, set here or in the engine. */
export const checkIgnored = (ignored: ReadonlyArray<IgnoredVariable>): ReadonlyArray<Check> =>
  [...new Map(ignored.map((each) => [each.name, each])).values()].map(({ name, instead }) =>
    check("variables", "warn", `the variable ${name} has no effect`, `Use ${instead}.`)
  )

/** Builds the answer of `doctor`. Its status is that of the worst check. */
export const concludeChecks = (
  checks: ReadonlyArray<Check>,
  surface: Surface
): Output<"doctor"> => {
  const worst = (["fail", "warn"] as const).find((status) =>
    checks.some((each) => each.status === status)
  )
  return {
    status: worst ?? "ok",
    checks: checks.map((each) => ({
      ...each,
      fix: each.fix === null ? null : writeHint(each.fix, surface)
    }))
  }
}
