/** The file of an engine's socket, told from what another engine may have made under the same name. */
import { rmSync, statSync, watch } from "node:fs"

/** The file that was at the path when it was looked at. */
export interface OwnSocket {
  /** Removes it, unless another one is in its place. */
  readonly remove: () => void
}

const inodeOf = (path: string): bigint | null => statSync(path, { throwIfNoEntry: false, bigint: true })?.ino ?? null

/** Takes the file at the path for one's own. `lost` is called once when somebody else has removed or replaced it. */
export const ownSocket = (path: string, lost: () => void): OwnSocket => {
  const own = inodeOf(path)
  const isThere = (): boolean => own !== null && inodeOf(path) === own
  let stop = (): void => {}
  try {
    const watcher = watch(path, { persistent: false }, () => {
      if (isThere()) return
      stop()
      lost()
    })
    stop = () => watcher.close()
    watcher.on("error", stop)
  } catch {
    // Without a watch (a limit of the system) it is only found out at the end.
  }
  return {
    remove: () => {
      stop()
      if (isThere()) rmSync(path, { force: true })
    }
  }
}
