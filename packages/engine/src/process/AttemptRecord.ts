/**
 * The file `claim` of an attempt. The shim makes it once and appends to it: its claim, what its shell says, the end of the command.
 * Attempts of earlier versions have a file for each of the three: `claim`, `note` and `exit`.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync
} from "../system/files.ts"
import { join } from "node:path"
import { errorCode, errorMessage, isShortage } from "./thrown.ts"

/** What the file holds, and when it was last written (epoch ms). */
export interface WrittenRecord {
  readonly kind: "written"
  readonly text: string
  readonly writtenAt: number
}

/** The file as it was when it was read. */
export type AttemptRecord =
  | WrittenRecord
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly message: string }

/** Where the file is. */
export const recordPath = (dir: string): string => join(dir, "claim")

/** Where shims of earlier versions wrote the end, and what their shell said. */
export const earlierPaths = (dir: string) => ({ exit: join(dir, "exit"), note: join(dir, "note") })

const isMissing = (refusal: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(errorCode(refusal))

const usualBytes = 4096

/** Nearly always by one call: the records of most attempts are short. */
const readText = (fd: number): string => {
  const bytes = Buffer.allocUnsafe(usualBytes)
  const length = readSync(fd, bytes, 0, usualBytes, 0)
  return length < usualBytes
    ? bytes.toString("latin1", 0, length)
    : bytes.toString("latin1") + readFileSync(fd, "latin1").slice(usualBytes)
}

const notRegular = "it is not a regular file"

const readRegular = (path: string): WrittenRecord => {
  // A FIFO in its place must not block.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const text = readText(fd)
    // Looked at afterwards: what is written in between would be told with the time of what was written before.
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new Error(notRegular)
    return { kind: "written", text, writtenAt: Math.round(stat.mtimeMs) }
  } catch (refusal) {
    // Of a folder the system says itself that it cannot be read.
    throw errorCode(refusal) === "ESPIPE" ? new Error(notRegular) : refusal
  } finally {
    closeSync(fd)
  }
}

/** Reads a file of an attempt. Throws only when the system is short of descriptors or memory. */
export const readAttemptFile = (path: string): AttemptRecord => {
  try {
    return readRegular(path)
  } catch (refusal) {
    if (isMissing(refusal)) return { kind: "missing" }
    if (isShortage(refusal)) throw refusal
    return { kind: "unreadable", message: `${path}: ${errorMessage(refusal)}` }
  }
}

/** Reads the record of an attempt. Throws only when the system is short of descriptors or memory. */
export const readAttemptRecord = (dir: string): AttemptRecord => readAttemptFile(recordPath(dir))

/** A shim's claim with the blanks behind it: pid, the least ticks since boot at its start, the instant of its spawn (epoch ms), boot. */
const shimClaim = /^shim (\d+) (\d+) (\d+) (.+)\n *\n/u

/** What a shim says in the first lines of its record, and what comes behind them. */
export interface ShimClaim {
  readonly pid: number
  readonly since: number
  readonly spawnedAt: number
  readonly bootId: string
  /** The claim without the pid, which the environment of this shim alone has. */
  readonly order: string
  readonly rest: string
}

/** The shim's claim; null for one that is not complete, an engine's, and one of an earlier version. */
export const parseShimClaim = (record: AttemptRecord): ShimClaim | null => {
  const found = record.kind === "written" ? shimClaim.exec(record.text) : null
  const [line, pid, since, spawnedAt, bootId] = found ?? []
  if (record.kind !== "written" || line === undefined || bootId === undefined || !(Number(pid) > 1))
    return null
  return {
    pid: Number(pid),
    since: Number(since),
    spawnedAt: Number(spawnedAt),
    bootId,
    order: `${since} ${spawnedAt} ${bootId}`,
    rest: record.text.slice(line.length)
  }
}

/** What the shell around the command has said of it. */
export const noteOf = (dir: string, record: AttemptRecord): string => {
  const claim = parseShimClaim(record)
  if (claim !== null) return claim.rest
  const earlier = readAttemptFile(earlierPaths(dir).note)
  return earlier.kind === "written" ? earlier.text : ""
}
