/** Identifies the folder of a path. */
import { statSync } from "../system/files.ts"

/** A folder by device and inode, independent of the spelling of its path. */
export interface Folder {
  readonly device: string
  readonly inode: string
}

/** The folder or file at the path; null if there is none, or it cannot be accessed. */
export const folderAt = (path: string | Buffer): Folder | null => {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return { device: String(dev), inode: String(ino) }
  } catch {
    return null
  }
}

/** Whether two are the same; null equals null. */
export const isSameFolder = (one: Folder | null, other: Folder | null): boolean =>
  one !== null && other !== null && one.device === other.device && one.inode === other.inode
