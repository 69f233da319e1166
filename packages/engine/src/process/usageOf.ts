/** What processes have used until now. Linux tells it in /proc; elsewhere it is not known. */
import { hasProc, readProcFile } from "./ProcessTable.ts"

/** The CPU time of one process, user and system, and the memory that is its own or shared and present. */
export interface Usage {
  readonly cpuMs: number
  readonly memoryBytes: number
}

/** A tick of /proc on every Linux that Bun runs on. Source: sysconf(_SC_CLK_TCK). */
const ticksPerSecond = 100

/** Source: proc_pid_stat(5). */
const cpuMsIn = (line: string): number => {
  // Behind the name, which may hold spaces, stands field 3.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ")
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
}

/** Source: proc_pid_status(5). Without a size of a page, which differs between machines. */
const memoryBytesIn = (text: string): number =>
  Number(/^VmRSS:\s+(\d+) kB$/mu.exec(text)?.[1] ?? 0) * 1024

/** The usage of each of these processes that is alive; null where the system does not tell. */
export const usageOf = (pids: ReadonlyArray<number>): ReadonlyMap<number, Usage> | null => {
  if (!hasProc) return null
  const usage = new Map<number, Usage>()
  for (const pid of pids) {
    const cpuMs = cpuMsIn(readProcFile(`/proc/${pid}/stat`)?.toString("latin1") ?? "")
    const memoryBytes = memoryBytesIn(readProcFile(`/proc/${pid}/status`)?.toString("latin1") ?? "")
    if (Number.isFinite(cpuMs)) usage.set(pid, { cpuMs, memoryBytes })
  }
  return usage
}
