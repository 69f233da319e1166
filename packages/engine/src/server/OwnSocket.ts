/** The file of an engine's socket, told from what another engine may have made under the same name. */
import { rmSync, statSync, watch } from "node:fs"

/** The file that was at the path when it was looked at. */
export interface OwnSocket {
  /** Looks after it from now on: `lost` is called once when somebody else has removed or replaced it. */
  readonly guard: (lost: () => void) => void
  /** Removes it, unless another one is in its place. */
  readonly remove: () => void
}

const inodeOf = (path: string): bigint | null => statSync(path, { throwIfNoEntry: false, bigint: true })?.ino ?? null

/** Calls back at each change of the file until the returned function is called; never where the system refuses a watch. */
const onChange = (path: string, changed: () => void): (() => void) => {
  try {
    const watcher = watch(path, { persistent: false }, changed)
    watcher.on("error", () => watcher.close())
    return () => watcher.close()
  } catch {
    return () => undefined
  }
}

/** Takes the file at the path for one's own. */
export const ownSocket = (path: string): OwnSocket => {
  const own = inodeOf(path)
  const isThere = (): boolean => own !== null && inodeOf(path) === own
  let ignore: (() => void) | null = null
  return {
    guard: (lost) => {
      const look = () => {
        if (isThere()) return
        ignore?.()
        lost()
      }
      ignore = onChange(path, look)
      // Looked at behind the watch: what came before it has no event.
      look()
    },
    remove: () => {
      ignore?.()
      if (isThere()) rmSync(path, { force: true })
    }
  }
}
