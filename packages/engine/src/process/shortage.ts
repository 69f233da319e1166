/** What the system is short of for now: descriptors, processes, memory, room on the disk. It passes, so it is no reason to give up. */
import { rmSync, statfsSync, writeFileSync } from "../system/files.ts"
import { join } from "node:path"
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

const probeText = " ".repeat(512)

/** Whether not even a small file can be written into a folder. A disk may be full for others only: some of it is reserved. */
export const hasNoRoom = (dir: string): boolean => {
  if (!isFull(dir)) return false
  const probe = join(dir, `room.${process.pid}`)
  try {
    writeFileSync(probe, probeText, { mode: 0o600 })
    return false
  } catch {
    return true
  } finally {
    rmSync(probe, { force: true })
  }
}

/** The error of a step that found no room and says no reason itself. */
export const noRoom = (dir: string): Error =>
  Object.assign(new Error(`ENOSPC: no space left on device, in '${dir}'`), { code: "ENOSPC" })
