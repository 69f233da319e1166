/** Which folder a path leads to. */
import { statSync } from "../system/files.ts"

/** A folder by what no spelling of its path changes. */
export interface Folder {
  readonly device: string
  readonly inode: string
}

/** The folder at the path, or the file; null when nothing is there, or it cannot be seen. */
export const folderAt = (path: string | Buffer): Folder | null => {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return { device: String(dev), inode: String(ino) }
  } catch {
    return null
  }
}

/** Whether two are the same; nothing is the same as nothing. */
export const isSameFolder = (one: Folder | null, other: Folder | null): boolean =>
  one !== null && other !== null && one.device === other.device && one.inode === other.inode
