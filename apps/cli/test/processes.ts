/** The processes of the machine, as tests see them: who is alive, who has the mark of a home, and how all of a home is killed. */
import { signalProcess } from "@backbeat/engine/process/posix"
import { existsSync, readdirSync, readFileSync } from "node:fs"

/** The fields of /proc/PID/stat from the state on, which is field 3; null for a process that is gone. Source: proc_pid_stat(5). */
const statOf = (pid: number): ReadonlyArray<string> | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return null
  }
}

/** Whether a process is there and no zombie. One whose threads are still ending holds its locks, sockets and files. */
export const isAlive = (pid: number): boolean => {
  const fields = statOf(pid)
  return fields !== null && (fields[0] !== "Z" || Number(fields[17]) > 1)
}

/** SIGKILLs a process and ends when the kernel has let go of it: of the locks, sockets and files it held. */
export const killAndAwait = async (pid: number): Promise<void> => {
  signalProcess(pid, "SIGKILL")
  while (isAlive(pid)) await Bun.sleep(1)
}

const others = (): ReadonlyArray<number> =>
  existsSync("/proc")
    ? readdirSync("/proc")
        .filter((name) => /^\d+$/u.test(name))
        .map(Number)
        .filter((pid) => pid !== process.pid)
    : []

/** The processes that carry the mark of a home in their environment. */
export const markedProcesses = (home: string): ReadonlyArray<number> => {
  const mark = `BACKBEAT_HOME=${home}\0`
  return others().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark) && isAlive(pid)
    } catch {
      return false
    }
  })
}

const sessionOf = (pid: number): string | undefined => statOf(pid)?.[3]

const argumentsOf = (pid: number): ReadonlyArray<string> => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
  } catch {
    return []
  }
}

/** The pids of the processes that were started as engines of a home, also those that will find it taken. */
export const enginesOf = (home: string): ReadonlyArray<number> => {
  const pids = others().filter((pid) => {
    const args = argumentsOf(pid)
    return args[1] === "engine-role" && args[2] === home && isAlive(pid)
  })
  // Between fork and exec the shim of a task still bears the arguments of its engine.
  return pids.filter((pid) => !pids.includes(Number(statOf(pid)?.[1])))
}

/** A process of a home that removed its mark is found by the session of one that has it. */
const processesOf = (home: string): ReadonlyArray<number> => {
  const marked = [...markedProcesses(home), ...enginesOf(home)]
  const sessions = new Set(marked.map(sessionOf))
  sessions.delete(undefined)
  sessions.delete(sessionOf(process.pid))
  return sessions.size === 0
    ? marked
    : others().filter(
        (pid) => marked.includes(pid) || (sessions.has(sessionOf(pid)) && isAlive(pid))
      )
}

/** SIGKILLs all that runs in a home, until nothing does. */
export const killAllOf = async (home: string): Promise<void> => {
  for (let found = processesOf(home); found.length > 0; found = processesOf(home)) {
    for (const pid of found) signalProcess(pid, "SIGKILL")
    for (const pid of found) while (isAlive(pid)) await Bun.sleep(1)
  }
}
