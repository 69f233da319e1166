/** A file that this engine created, distinguished from a later file at the same path. */
import { rmSync, statSync } from "node:fs"
import { onChange } from "../alarm/onChange.ts"

/**
 * The original file, whatever is at its path now. Once it was missing it is lost for good, because
 * nobody knows what happened meanwhile.
 */
export interface OwnFile {
  /** Whether it is still at its path. */
  readonly isThere: () => boolean
  /** Calls back once when the file is removed or replaced. */
  readonly onLost: (onceLost: () => void) => void
  /** Removes it, unless another file is at its path. */
  readonly remove: () => void
}

/** The inode at the path; null if there is none. */
const inodeOf = (path: string): bigint | null =>
  statSync(path, { throwIfNoEntry: false, bigint: true })?.ino ?? null

/**
 * Identifies the file at the path, or the one with this inode. The file must be kept open, so that
 * no other file gets its inode.
 */
export const ownFile = (path: string, own = inodeOf(path)): OwnFile => {
  let isLost = own === null
  let callback: (() => void) | null = null
  let unwatch: (() => void) | null = null
  const isThere = (): boolean => {
    if (!isLost && inodeOf(path) === own) return true
    isLost = true
    unwatch?.()
    const onceLost = callback
    callback = null
    onceLost?.()
    return false
  }
  return {
    isThere,
    onLost: (onceLost) => {
      callback = onceLost
      // There is no event for the folders above; `isThere` detects those changes.
      unwatch = onChange(path, isThere)
      // Checked after the watch is set, because earlier changes have no event.
      isThere()
    },
    remove: () => {
      unwatch?.()
      if (isThere()) rmSync(path, { force: true })
    }
  }
}
