/** Looks at a path whose file may be missing or damaged. */
import { type FileStat, statSync } from "../system/files.ts"

/** What stands at the path; undefined when nothing does, or that cannot be told, as below a file. */
export const statIfThere = (path: string): FileStat | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
