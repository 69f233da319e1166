/** What truly happened to the attempts of tasks: noted by the simulated machine itself. Instants are of the monotonic clock (ms). */
import type { Process, ProcessEnd } from "./Kernel.ts"

/** One run of an attempt's command, from the spawn of its shim. */
export interface Run {
  readonly id: string
  readonly attempt: number
  readonly shim: Process
  readonly spawnedMs: number
  /** The same on the wall clock (epoch ms). */
  readonly spawnedWallMs: number
  /** When the command began; null when it has not. */
  begunMs: number | null
  endedMs: number | null
  end: ProcessEnd | null
  /** When the shim had written the record of the end. */
  recordedMs: number | null
  /** The last line that it wrote. */
  wroteMs: number | null
  command: Process | null
}

/** All runs, the latest last. */
export class Truth {
  readonly runs: Array<Run> = []
  readonly processes = new Map<Process, { readonly id: string; readonly attempt: number }>()
  /** Called when a command begins. */
  onBegin: (run: Run) => void = () => {}

  of(id: string, attempt: number): ReadonlyArray<Run> {
    return this.runs.filter((run) => run.id === id && run.attempt === attempt)
  }

  /** The processes of a task that live, whatever attempt they are of. */
  alive(id: string): ReadonlyArray<{ readonly pid: number; readonly attempt: number }> {
    return [...this.processes].flatMap(([process, its]) =>
      its.id === id && process.kernel.processes.get(process.pid) === process
        ? [{ pid: process.pid, attempt: its.attempt }]
        : []
    )
  }
}
