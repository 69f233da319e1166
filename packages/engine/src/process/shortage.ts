/** What the system is short of for now: descriptors, processes, memory, room on the disk. It passes, so it is no reason to give up. */
import { statfsSync } from "../system/files.ts"
import { errorCode, isShortage } from "./thrown.ts"

/** Processes, and room on the disk. */
const others: ReadonlySet<string> = new Set(["EAGAIN", "ENOSPC", "EDQUOT"])

/** Whether a system call was refused for want of something that may be there soon. */
export const isTransient = (thrown: unknown): boolean =>
  isShortage(thrown) || others.has(errorCode(thrown))

/** Whether the disk of a folder has no room, for bytes or for files. False where that cannot be told. */
export const isFull = (dir: string): boolean => {
  try {
    const { bavail, files, ffree } = statfsSync(dir)
    return bavail === 0 || (files > 0 && ffree === 0)
  } catch {
    return false
  }
}

/** The error of a step that found no room and says no reason itself. */
export const noRoom = (dir: string): Error =>
  Object.assign(new Error(`ENOSPC: no space left on device, in '${dir}'`), { code: "ENOSPC" })
