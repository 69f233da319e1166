/** The engines of a home as the kernel knows them, whatever any of them says. */
import { readdirSync, readFileSync } from "node:fs"
import { signalProcess } from "@backbeat/engine/process/posix"
import { isAlive } from "../processes.ts"

const argumentsOf = (pid: string): ReadonlyArray<string> => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
  } catch {
    return []
  }
}

const parentOf = (pid: number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1])
  } catch {
    return 0
  }
}

/** The pids of the processes that were started as engines of a home, also those that will find it taken. */
export const enginesOf = (home: string): ReadonlyArray<number> => {
  const pids = namedEngines(home)
  // Between fork and exec the shim of a task still bears the arguments of its engine.
  return pids.filter((pid) => !pids.includes(parentOf(pid)))
}

const namedEngines = (home: string): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .filter((pid) => {
      const args = argumentsOf(pid)
      return args[1] === "engine-role" && args[2] === home
    })
    .map(Number)
    .filter(isAlive)

/** SIGKILLs engines; how many there were. */
export const killAll = (pids: ReadonlyArray<number>): number => {
  for (const pid of pids) signalProcess(pid, "SIGKILL")
  return pids.length
}

/** SIGKILLs every engine of a home; how many there were. */
export const killEngines = (home: string): number => killAll(enginesOf(home))
