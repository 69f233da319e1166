/** What an engine says of its beginning and its end: to the caller that started it, and to those that wait beside it. */
import type { Problem } from "@backbeat/contract/Problem"
import { noticeName } from "@backbeat/contract/protocol"
import { closeSync, openSync, renameSync, statSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { duplicateOnto } from "../process/posix.ts"

/** How an engine began, or that it has let go of the home. */
export type Notice =
  | { readonly state: "ready"; readonly pid: number; readonly version: string }
  | { readonly state: "elsewhere" }
  | { readonly state: "failed"; readonly problem: Problem }
  | { readonly state: "ended"; readonly pid: number }

const logMaxBytes = 1_000_000

/** Tells the caller at the other end of stdout. It may be gone. */
export const tellStarter = (notice: Notice): void => {
  try {
    writeSync(1, `${JSON.stringify(notice)}\n`)
  } catch {
    // Nobody listens any more: the engine is as good without.
  }
}

/** Leaves a notice in the home, which wakes those that watch it. */
export const leaveNotice = (root: string, notice: Notice): void => {
  const path = join(root, noticeName)
  try {
    writeFileSync(`${path}.draft`, `${JSON.stringify(notice)}\n`, { mode: 0o600 })
    renameSync(`${path}.draft`, path)
  } catch {
    // A full or read-only disk is told of by the answer itself.
  }
}

/** Points stderr, and stdout too, to `engine.log`, which is set aside when it has grown over a megabyte. */
export const logTo = (root: string, target: 1 | 2): void => {
  const path = join(root, "engine.log")
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (size > logMaxBytes) renameSync(path, `${path}.1`)
    const fd = openSync(path, "a", 0o600)
    duplicateOnto(fd, target)
    closeSync(fd)
  } catch {
    // Without a log the engine still works.
  }
}
