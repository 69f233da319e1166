/**
 * The event that a file or folder changes. The system may refuse a watch: each user has a limit of inotify instances and watches
 * (EMFILE, ENOSPC). Then it is looked at now and then, until the system grants one.
 */
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { callOf, sentence } from "@backbeat/contract/Text"
import { type FileWatch, watch } from "../system/files.ts"
import { lookNowAndThen } from "./nowAndThen.ts"

/** Calls back at each change of what is at the path, with the name of what changed in a folder, and now and then (null) while that cannot be watched, until the returned function is called. */
export const onChange = (path: string, changed: (name: string | null) => void): (() => void) => {
  let watcher: FileWatch | null = null
  let lookNoMore: (() => void) | null = null

  const refused = (): void => {
    watcher?.close()
    watcher = null
    lookNoMore ??= lookNowAndThen(look)
  }
  const arm = (): void => {
    try {
      watcher = watch(path, { persistent: false }, (_, name) => changed(name)).on("error", refused)
      lookNoMore?.()
      lookNoMore = null
    } catch {
      refused()
    }
  }
  // What came before the watch has no event.
  const look = (): void => {
    arm()
    changed(null)
  }

  arm()
  return () => {
    watcher?.close()
    lookNoMore?.()
  }
}

/** Whether the system refuses a watch on the folder now: with its words, null when it grants one. */
export const refusalToWatch = (folder: string): string | null => {
  try {
    watch(folder, { persistent: false }).close()
    return null
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

/** What the refusal of watches amounts to. */
export const describeRefusal = (refusal: string): string =>
  `the system rejects file watches (${refusal}): output and ends are detected some tenths of a second late`

/** Warns while the system refuses a watch on the folder. */
export const watchWarnings = (folder: string, surface: Surface): ReadonlyArray<string> => {
  const refusal = refusalToWatch(folder)
  return refusal === null
    ? []
    : [writeHint(sentence`${describeRefusal(refusal)}; run ${callOf("doctor")}`, surface)]
}
