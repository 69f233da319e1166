/**
 * Logs the attempts about to be spawned, one line each, outside of their folders. So an attempt
 * whose folder was removed after its end is not taken for one that was never opened. The file is
 * bounded. It is never flushed, because a power failure also ends the attempts.
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

/**
 * A longer file is rotated. Only attempts that still run are looked up, so the lines of many
 * thousand attempts are enough.
 */
const maxBytes = 1_000_000

const pathOf = (root: string): string => join(root, "spawned.log")
const earlierOf = (root: string): string => join(root, "spawned.log.1")

/** An id may be used again, with attempts from 1. The instant of the commit distinguishes them. */
const lineOf = ({ id, state }: Task): string =>
  `${id} ${state.attempt} ${state.status === "running" ? state.startedAt : ""}`

/** The open file. Only this engine writes to it. */
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

/** Logs that the task's attempt is about to be spawned. If the disk is full, no line is written. */
export const noteSpawn = (root: string, task: Task): void => {
  try {
    const file = open(root)
    file.bytes += writeSync(file.fd, `${lineOf(task)}\n`)
  } catch {
    // The attempt matters more than the line, which is only used if its folder is lost.
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

/** Reads the file. Returns whether an attempt was about to be spawned. */
export const readSpawns = (root: string): ((task: Task) => boolean) => {
  const lines = new Set([...linesOf(earlierOf(root)), ...linesOf(pathOf(root))])
  return (task) => lines.has(lineOf(task))
}
