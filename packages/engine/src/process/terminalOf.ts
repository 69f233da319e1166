/** From which terminal a process was called: what stands for a session where there is none. Linux only; elsewhere nothing is known. */
import { currentBootId, identify } from "./Identity.ts"
import { hasProc, readProcFile } from "./ProcessTable.ts"

/**
 * Names the terminal of a process together with the leader of its session, so that another shell is another one; null for a process
 * without a terminal. Source: proc_pid_stat(5), fields 6 and 7.
 */
export const terminalOf = (pid: number): string | null => {
  const stat = hasProc ? readProcFile(`/proc/${pid}/stat`)?.toString("latin1") : undefined
  if (stat === undefined) return null
  const [, , , session, terminal] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  if (session === undefined || terminal === undefined || terminal === "0") return null
  const leader = identify(Number(session))
  return leader === null
    ? null
    : `terminal:${terminal}:${session}:${leader.startTime}:${currentBootId()}`
}
