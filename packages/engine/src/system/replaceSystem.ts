/** Puts another system below the engine: for the simulator, which is the only one to call this. */
import type { FileCalls } from "./FileCalls.ts"
import { replaceFiles } from "./files.ts"
import { beginLife } from "./ofProcess.ts"
import { type ProcessCalls, replaceProcesses } from "./processes.ts"
import { replaceTime, type TimeCalls } from "./time.ts"

/** All that the engine needs of a system while it serves tasks. Sockets, and programs whose output it reads, are not among it. */
export interface System {
  readonly files: FileCalls
  readonly processes: ProcessCalls
  readonly time: TimeCalls
}

/** Begins the life of a program on a system; on the one that is there when it is null. */
export const replaceSystem = (system: System | null): void => {
  replaceFiles(system?.files ?? null)
  replaceProcesses(system?.processes ?? null)
  replaceTime(system?.time ?? null)
  beginLife()
}
