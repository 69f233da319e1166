/** Kills engines as nothing else can. */
import { signalProcess } from "@backbeat/engine/process/posix"
import { enginesOf } from "../processes.ts"

/** SIGKILLs engines; how many there were. */
export const killAll = (pids: ReadonlyArray<number>): number => {
  for (const pid of pids) signalProcess(pid, "SIGKILL")
  return pids.length
}

/** SIGKILLs every engine of a home; how many there were. */
export const killEngines = (home: string): number => killAll(enginesOf(home))
