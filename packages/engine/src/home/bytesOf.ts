/** How much of the disk something takes. */
import { lstatSync, readdirSync } from "../system/files.ts"
import { join } from "node:path"

/** The bytes that removing a file, or all files below a folder, makes free; 0 when it is not there. */
export const bytesOf = (path: string): number => {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  // Disk blocks, not lengths: output that was dropped leaves a hole.
  if (!stat.isDirectory()) return stat.nlink > 1 ? 0 : stat.blocks * 512
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0)
}
