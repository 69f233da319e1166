/** Reads the status of a file that may be missing or damaged. */
import { type FileStat, statSync } from "../system/files.ts"

/**
 * The status of the path; undefined if it does not exist or cannot be read, such as below a file.
 */
export const statIfThere = (path: string): FileStat | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
