/**
 * Recognizes backbeat's own processes of an attempt: the shim, and its fork that holds the
 * command's stdin open.
 */
import { readProcFile } from "./ProcessTable.ts"
import { shimName } from "./shimCall.ts"

const end = Buffer.from(`\0${shimName}\0`)

/**
 * Whether a process runs the shim's program. A fork of it does until it executes the command. False
 * without /proc.
 */
export const isShim = (pid: number): boolean => {
  const program = readProcFile(`/proc/${pid}/cmdline`)
  return program !== null && program.subarray(-end.length).equals(end)
}

/** The pids without those of the shim; all of them if there are no others. */
export const withoutShim = (pids: ReadonlyArray<number>): ReadonlyArray<number> => {
  const others = pids.filter((pid) => !isShim(pid))
  return others.length === 0 ? pids : others
}
