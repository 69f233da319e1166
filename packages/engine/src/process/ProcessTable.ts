/**
 * What the kernel says of the processes that run now: /proc on Linux, ps(1) elsewhere. Zombies are not listed: they
 * run nothing and hold nothing.
 */
import { closeSync, openSync, readdirSync, readSync } from "../system/files.ts"
import { isShortage } from "./thrown.ts"

/** One live process; `startTime` is ticks since boot on Linux, the text of `ps -o lstart=` elsewhere. */
export type ProcessRow = {
  readonly pid: number
  readonly ppid: number
  readonly pgid: number
  readonly startTime: string
}

export const hasProc = process.platform === "linux"

let scratch = Buffer.alloc(64 * 1024)

/** The bytes of a /proc file, valid until the next call; null when it cannot be read, because the process is gone or another user's. Throws when the system is short of descriptors or memory. */
export const readProcFile = (path: string): Buffer | null => {
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch (refusal) {
    // Otherwise a process that lives would look like one that is gone.
    if (isShortage(refusal)) throw refusal
    return null
  }
  try {
    let length = 0
    for (;;) {
      const count = readSync(fd, scratch, length, scratch.length - length, null)
      if (count === 0) return scratch.subarray(0, length)
      length += count
      if (length === scratch.length)
        scratch = Buffer.concat([scratch, Buffer.alloc(scratch.length)])
    }
  } catch {
    return null
  } finally {
    closeSync(fd)
  }
}

/** Reads a line of /proc/PID/stat; null for a zombie or an incomplete line. Source: proc_pid_stat(5). */
export const parseStat = (line: string): ProcessRow | null => {
  // The name may hold spaces and parentheses; nothing after it does.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ")
  const pid = Number.parseInt(line, 10)
  const [state, ppid, pgid] = fields
  const threadCount = Number(fields[17])
  const startTime = fields[19]
  if (
    state === undefined ||
    ppid === undefined ||
    pgid === undefined ||
    startTime === undefined ||
    !Number.isSafeInteger(pid)
  )
    return null
  // A main thread that has left a process with other threads is shown as a zombie too.
  if ("ZXx".includes(state) && threadCount <= 1) return null
  return { pid, ppid: Number(ppid), pgid: Number(pgid), startTime }
}

/** Reads a line of `ps -o pid=,ppid=,pgid=,stat=,lstart=`; null for a zombie or anything else. */
export const parsePs = (line: string): ProcessRow | null => {
  const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S.*?)\s*$/.exec(line)
  const [, pid, ppid, pgid, state, startTime] = found ?? []
  if (
    pid === undefined ||
    ppid === undefined ||
    pgid === undefined ||
    state === undefined ||
    startTime === undefined
  )
    return null
  return state.startsWith("Z")
    ? null
    : { pid: Number(pid), ppid: Number(ppid), pgid: Number(pgid), startTime }
}

const ps = (which: ReadonlyArray<string>): ReadonlyArray<ProcessRow> => {
  const run = Bun.spawnSync({
    cmd: ["/bin/ps", "-o", "pid=,ppid=,pgid=,stat=,lstart=", ...which],
    env: { LC_ALL: "C", TZ: "UTC" }
  })
  return run.stdout
    .toString()
    .split("\n")
    .flatMap((line) => parsePs(line) ?? [])
}

/** The row of one process; null when no such process runs. */
export const readProcess = (pid: number): ProcessRow | null => {
  if (!hasProc) return ps(["-p", String(pid)])[0] ?? null
  const stat = readProcFile(`/proc/${pid}/stat`)
  return stat === null ? null : parseStat(stat.toString("latin1"))
}

/** The state letter of a process, such as T for one that stands still; null where there is none or that cannot be told. */
export const readState = (pid: number): string | null => {
  const stat = hasProc ? readProcFile(`/proc/${pid}/stat`)?.toString("latin1") : undefined
  return stat === undefined ? null : (stat.slice(stat.lastIndexOf(")") + 2)[0] ?? null)
}

/** All processes that run now. */
export const listProcesses = (): ReadonlyArray<ProcessRow> =>
  hasProc
    ? readdirSync("/proc").flatMap((name) =>
        /^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []
      )
    : ps(["-A"])

/** Whether a process began at `since`, ticks since boot, or later; all did for 0, as which it is given where those are not known. */
export const isSince = ({ startTime }: ProcessRow, since: number): boolean =>
  since === 0 || Number(startTime) >= since
