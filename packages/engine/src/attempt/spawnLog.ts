/**
 * Which attempts were about to be spawned, one line each, outside of their folders: an attempt whose folder was removed after it had
 * ended is then not taken for one that was never opened. The file is bounded, and never flushed: a power failure ends what it is about.
 */
import type { Task } from "@backbeat/core/task/Task"
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync
} from "../system/files.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { join } from "node:path"
import { statIfThere } from "../process/statIfThere.ts"

/** A longer file makes way for a new one. Only attempts that still run are looked for: with these lines they are found among many thousands. */
const maxBytes = 1_000_000

const pathOf = (root: string): string => join(root, "spawned.log")
const earlierOf = (root: string): string => join(root, "spawned.log.1")

/** An id may stand for another task later, and begin at 1 again; no two commits open it at one instant. */
const lineOf = ({ id, state }: Task): string =>
  `${id} ${state.attempt} ${state.status === "running" ? state.startedAt : ""}`

/** The file as this engine, which alone writes to it, has opened it. */
interface Opened {
  readonly fd: number
  bytes: number
}

const opened = ofProcess(() => new Map<string, Opened>())

const close = (root: string): void => {
  const file = opened().get(root)
  opened().delete(root)
  if (file !== undefined) closeSync(file.fd)
}

const open = (root: string): Opened => {
  const known = opened().get(root)
  if (known !== undefined && known.bytes <= maxBytes) return known
  close(root)
  if ((statIfThere(pathOf(root))?.size ?? 0) > maxBytes) renameSync(pathOf(root), earlierOf(root))
  const fd = openSync(pathOf(root), "a", 0o600)
  const file = { fd, bytes: fstatSync(fd).size }
  opened().set(root, file)
  return file
}

/** Notes that the task's attempt is spawned now. Without room for the line there is none. */
export const noteSpawn = (root: string, task: Task): void => {
  try {
    const file = open(root)
    file.bytes += writeSync(file.fd, `${lineOf(task)}\n`)
  } catch {
    // The attempt matters more than what is known of it should its folder get lost.
    close(root)
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
