/** Tells a shim that has not claimed its attempt yet from an attempt whose claim was taken away. */
import { readProcFile } from "./ProcessTable.ts"
import type { RemainingProcess } from "./remains.ts"

/** Whether all of these processes are a shim of the folder, or a fork of it: its arguments name the folder, the command's do not. */
export const isLateShim = (dir: string, left: ReadonlyArray<RemainingProcess>): boolean =>
  left.every(
    ({ identity }) =>
      readProcFile(`/proc/${identity.pid}/cmdline`)?.toString("utf8").split("\0").includes(dir) ===
      true
  )
