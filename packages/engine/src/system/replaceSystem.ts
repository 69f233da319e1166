/** Replaces the system below the engine. Only the simulator calls this. */
import type { FileCalls } from "./FileCalls.ts"
import { replaceFiles } from "./files.ts"
import { beginLife } from "./ofProcess.ts"
import { type ProcessCalls, replaceProcesses } from "./processes.ts"
import { replaceTime, type TimeCalls } from "./time.ts"

/**
 * Everything that a serving engine needs from a system, except sockets and programs whose output it
 * reads.
 */
export interface System {
  readonly files: FileCalls
  readonly processes: ProcessCalls
  readonly time: TimeCalls
}

/** Starts the life of a program on a system; null is the real one. */
export const replaceSystem = (system: System | null): void => {
  replaceFiles(system?.files ?? null)
  replaceProcesses(system?.processes ?? null)
  replaceTime(system?.time ?? null)
  beginLife()
}
