/**
 * Reports changes of a file or folder. The system may reject a watch: each user has a limit of
 * inotify instances and watches (EMFILE, ENOSPC). Then it polls until the system accepts one.
 */
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { callOf, sentence } from "@backbeat/contract/Text"
import { type FileWatch, watch } from "../system/files.ts"
import { pollOccasionally } from "./pollOccasionally.ts"

/**
 * Calls back at each change at the path, with the name of the changed entry of a folder. While the
 * system rejects the watch, calls back repeatedly with null. The returned function ends it.
 */
export const onChange = (path: string, changed: (name: string | null) => void): (() => void) => {
  let watcher: FileWatch | null = null
  let stopPolling: (() => void) | null = null

  const refused = (): void => {
    watcher?.close()
    watcher = null
    stopPolling ??= pollOccasionally(check)
  }
  const arm = (): void => {
    try {
      watcher = watch(path, { persistent: false }, (_, name) => changed(name)).on("error", refused)
      stopPolling?.()
      stopPolling = null
    } catch {
      refused()
    }
  }
  // Changes before the watch have no event.
  const check = (): void => {
    arm()
    changed(null)
  }

  arm()
  return () => {
    watcher?.close()
    stopPolling?.()
  }
}

/** Why the system rejects a watch on the folder now; null if it accepts one. */
export const refusalToWatch = (folder: string): string | null => {
  try {
    watch(folder, { persistent: false }).close()
    return null
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

/** Describes the consequence of rejected watches. */
export const describeRefusal = (refusal: string): string =>
  `the system rejects file watches (${refusal}): output and ends are detected some tenths of a second late`

/** The warning while the system rejects a watch on the folder. */
export const watchWarnings = (folder: string, surface: Surface): ReadonlyArray<string> => {
  const refusal = refusalToWatch(folder)
  return refusal === null
    ? []
    : [writeHint(sentence`${describeRefusal(refusal)}; run ${callOf("doctor")}`, surface)]
}
