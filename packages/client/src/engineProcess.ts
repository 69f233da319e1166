/**
 * Finds the engine process of a home and its state, for error messages only: no decision depends on
 * it.
 */
import { noticeName } from "@backbeat/contract/protocol"
import { constants, readFileSync, statSync } from "node:fs"

/**
 * The process that holds the home lock. `state` is the state letter of /proc, null if that is
 * unreadable.
 */
export interface EngineProcess {
  readonly pid: number
  readonly state: string | null
}

// Source: proc_pid_stat(5).
const states: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  D: "waiting for the disk",
  T: "stopped",
  t: "stopped by a debugger",
  Z: "dead"
}

/** Reads without blocking, because the path may be a FIFO. */
const readText = (path: string): string => {
  try {
    return readFileSync(path, {
      encoding: "latin1",
      flag: constants.O_RDONLY | constants.O_NONBLOCK
    })
  } catch {
    return ""
  }
}

/** The processes that hold a lock on the file. Source: proc_locks(5). */
const lockHolders = (path: string): ReadonlyArray<number> => {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino
  const lines = readText("/proc/locks")
    .split("\n")
    .filter((line) => line.includes(" FLOCK ") && line.includes(`:${inode} `))
  return lines
    .map((line) => Number(/^\d+: FLOCK +\S+ +\S+ +(\d+) /u.exec(line)?.[1] ?? 0))
    .filter((pid) => pid > 0)
}

const noticedPid = (root: string): number =>
  Number(/"pid":(\d+)/u.exec(readText(`${root}/${noticeName}`))?.[1] ?? 0)

const stateOf = (pid: number): string | null => {
  const stat = readText(`/proc/${pid}/stat`)
  return stat === "" ? null : (stat.slice(stat.lastIndexOf(")") + 2)[0] ?? null)
}

/** The engine of the home, or null if it is unknown. */
export const engineProcess = (root: string): EngineProcess | null => {
  const holders = lockHolders(`${root}/engine.lock`)
  const noticed = noticedPid(root)
  const pid = holders.includes(noticed) ? noticed : (holders[0] ?? noticed)
  return pid === 0 ? null : { pid, state: stateOf(pid) }
}

/** Whether it is stopped by a signal or a debugger. */
export const isStopped = (engine: EngineProcess | null): boolean =>
  engine?.state === "T" || engine?.state === "t"

/** The engine in a sentence: "the engine (pid 7, stopped, state T)". */
export const describeEngine = (engine: EngineProcess | null): string => {
  if (engine === null) return "the engine"
  const { pid, state } = engine
  return state === null
    ? `the engine (pid ${pid})`
    : `the engine (pid ${pid}, ${states[state] ?? "state unknown"}, state ${state})`
}
