/** A file that an engine has made for itself, told from what another may have put under the same name. */
import { rmSync, statSync } from "node:fs"
import { onChange } from "../alarm/onChange.ts"

/** The file that is meant, wherever its path leads meanwhile. Once it was found missing it is lost for good: what was done meanwhile is unknown. */
export interface OwnFile {
  /** Whether it is still at its path. */
  readonly isThere: () => boolean
  /** Looks after it from now on: `lost` is called once when somebody else has removed or replaced it. */
  readonly guard: (lost: () => void) => void
  /** Removes it, unless another one is in its place. */
  readonly remove: () => void
}

/** Which file is at the path; null when there is none. */
const inodeOf = (path: string): bigint | null =>
  statSync(path, { throwIfNoEntry: false, bigint: true })?.ino ?? null

/** Takes the file at the path for one's own, or the one with this inode. Somebody must hold it open, so that no other file can get its inode. */
export const ownFile = (path: string, own = inodeOf(path)): OwnFile => {
  let isLost = own === null
  let tell: (() => void) | null = null
  let ignore: (() => void) | null = null
  const isThere = (): boolean => {
    if (!isLost && inodeOf(path) === own) return true
    isLost = true
    ignore?.()
    const lost = tell
    tell = null
    lost?.()
    return false
  }
  return {
    isThere,
    guard: (lost) => {
      tell = lost
      // The folders above have no event: who asks whether it is there finds out too.
      ignore = onChange(path, isThere)
      // Looked at behind the watch: what came before it has no event.
      isThere()
    },
    remove: () => {
      ignore?.()
      if (isThere()) rmSync(path, { force: true })
    }
  }
}
