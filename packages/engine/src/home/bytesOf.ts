/** Measures disk usage. */
import { lstatSync, readdirSync } from "../system/files.ts"
import { join } from "node:path"

/** The bytes that removing a file or folder frees; 0 if it does not exist. */
export const bytesOf = (path: string): number => {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  // Counts disk blocks, not lengths: dropped output leaves holes.
  if (!stat.isDirectory()) return stat.nlink > 1 ? 0 : stat.blocks * 512
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0)
}
