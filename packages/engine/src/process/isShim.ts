/** Which processes of an attempt are backbeat's own: the shim, and its fork that holds the command's stdin open. */
import { readProcFile } from "./ProcessTable.ts"
import { shimName } from "./shimCall.ts"

const end = Buffer.from(`\0${shimName}\0`)

/** Whether a process runs the program of the shim. A fork of it does until it executes the command. Without /proc nobody can tell. */
export const isShim = (pid: number): boolean => {
  const program = readProcFile(`/proc/${pid}/cmdline`)
  return program !== null && program.subarray(-end.length).equals(end)
}

/** The pids without those of the shim; all of them where there are no others. */
export const withoutShim = (pids: ReadonlyArray<number>): ReadonlyArray<number> => {
  const others = pids.filter((pid) => !isShim(pid))
  return others.length === 0 ? pids : others
}
