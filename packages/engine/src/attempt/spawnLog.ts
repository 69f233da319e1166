/**
 * Which attempts were about to be spawned, one line each, outside of their folders: an attempt whose folder was removed after it had
 * ended is then not taken for one that was never opened. The file is bounded, and never flushed: a power failure ends what it is about.
 */
import type { Task } from "@backbeat/core/task/Task"
import { appendFileSync, readFileSync, renameSync } from "../system/files.ts"
import { join } from "node:path"
import { statIfThere } from "../process/statIfThere.ts"

/** A longer file makes way for a new one. Only attempts that still run are looked for: with these lines they are found among many thousands. */
const maxBytes = 1_000_000

const pathOf = (root: string): string => join(root, "spawned.log")
const earlierOf = (root: string): string => join(root, "spawned.log.1")

/** An id may stand for another task later, and begin at 1 again; no two commits open it at one instant. */
const lineOf = ({ id, state }: Task): string =>
  `${id} ${state.attempt} ${state.status === "running" ? state.startedAt : ""}`

/** Notes that the task's attempt is spawned now. Without room for the line there is none. */
export const noteSpawn = (root: string, task: Task): void => {
  try {
    if ((statIfThere(pathOf(root))?.size ?? 0) > maxBytes) renameSync(pathOf(root), earlierOf(root))
    appendFileSync(pathOf(root), `${lineOf(task)}\n`, { mode: 0o600 })
  } catch {
    // The attempt matters more than what is known of it should its folder get lost.
  }
}

const linesOf = (path: string): ReadonlyArray<string> => {
  try {
    return readFileSync(path, "utf8").split("\n")
  } catch {
    return []
  }
}

/** Reads the file, and gives whether an attempt was about to be spawned. */
export const readSpawns = (root: string): ((task: Task) => boolean) => {
  const lines = new Set([...linesOf(earlierOf(root)), ...linesOf(pathOf(root))])
  return (task) => lines.has(lineOf(task))
}
