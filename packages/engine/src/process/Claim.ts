/**
 * The claim of an attempt: made once, by the shim that runs the attempt or by an engine that rules it out.
 */
import { linkSync, rmSync, statSync, writeFileSync } from "../system/files.ts"
import {
  type AttemptRecord,
  parseShimClaim,
  readAttemptRecord,
  recordPath
} from "./AttemptRecord.ts"
import type { ProcessIdentity } from "./Identity.ts"
import { currentBootId, identify } from "./Identity.ts"
import { errorCode } from "./thrown.ts"
import { hasProc, parseStat, readProcFile } from "./ProcessTable.ts"
import { orderVariable } from "./shimCall.ts"

/**
 * Whose the attempt is: nobody's, ruled out by an engine, a shim's that is just writing its name, a known shim's, or damaged. `since` are the
 * ticks since boot before which the shim did not begin, 0 when they are not known; `identity` is null once the shim is gone.
 */
export type Claim =
  | { readonly kind: "none" }
  | { readonly kind: "unreadable"; readonly message: string }
  | { readonly kind: "engine"; readonly message: string }
  | { readonly kind: "unnamed" }
  | {
      readonly kind: "shim"
      readonly pid: number
      readonly bootId: string
      readonly since: number
      /** When it was spawned (epoch ms). */
      readonly spawnedAt: number
      readonly identity: ProcessIdentity | null
    }

/** Without /proc nobody can tell which process a shim was: it is the one that began between two instants. */
const identifyByTime = (pid: number, from: number, until: number): ProcessIdentity | null => {
  const identity = identify(pid)
  if (identity === null) return null
  const startedAt = Date.parse(`${identity.startTime} UTC`)
  return startedAt >= Math.floor(from / 1000) * 1000 && startedAt <= until ? identity : null
}

/** The process that has this order in its environment: it is one shim's alone, and the command does not get it. */
const identifyByOrder = (pid: number, order: string): ProcessIdentity | null => {
  const identity = identify(pid)
  const environ = identity === null ? null : readProcFile(`/proc/${pid}/environ`)
  return environ?.includes(`${orderVariable}=${order}\0`) === true ? identity : null
}

/** A claim as earlier versions wrote it: the pid, a line of /proc/PID/stat, the boot. */
const parseEarlier = (dir: string, text: string, writtenAt: number): Claim => {
  const [name, stat, bootId, rest] = text.split("\n")
  const pid = Number(/^shim (\d+)$/.exec(name ?? "")?.[1])
  if (rest === undefined || stat === undefined || bootId === undefined || !(pid > 1))
    return { kind: "unnamed" }
  const row = hasProc ? parseStat(stat) : null
  const known = row === null ? null : { pid, startTime: row.startTime, bootId }
  return {
    kind: "shim",
    pid,
    bootId,
    since: Number(row?.startTime ?? 0),
    spawnedAt: writtenAt,
    identity: hasProc ? known : identifyByTime(pid, statSync(dir).birthtimeMs, writtenAt)
  }
}

/** The claim in an attempt's record. Throws only when the system is short of descriptors or memory. */
export const claimIn = (dir: string, record: AttemptRecord): Claim => {
  if (record.kind === "missing") return { kind: "none" }
  if (record.kind === "unreadable") return record
  const { text, writtenAt } = record
  if (text.startsWith("engine "))
    return {
      kind: "engine",
      message: Buffer.from(text.slice("engine ".length, -1), "latin1").toString()
    }
  const claim = parseShimClaim(record)
  if (claim === null) return parseEarlier(dir, text, writtenAt)
  const { pid, since, spawnedAt, bootId, order } = claim
  const ofThisBoot = () =>
    hasProc ? identifyByOrder(pid, order) : identifyByTime(pid, spawnedAt, writtenAt)
  return {
    kind: "shim",
    pid,
    bootId,
    since,
    spawnedAt,
    identity: bootId === currentBootId() ? ofThisBoot() : null
  }
}

/** Reads an attempt's claim; that of a missing folder is nobody's. Throws only when the system is short of descriptors or memory. */
export const readClaim = (dir: string): Claim => claimIn(dir, readAttemptRecord(dir))

const isMissing = (refusal: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(errorCode(refusal))

/**
 * Rules an attempt out for the given reason, so that a late shim never runs its command; false when it is claimed
 * already or its folder is gone.
 */
export const claimAttempt = (
  dir: string,
  reason = "cancelled before its command started"
): boolean => {
  const draft = `${recordPath(dir)}.${process.pid}`
  try {
    writeFileSync(draft, `engine ${reason}\n`, { mode: 0o600 })
  } catch (refusal) {
    rmSync(draft, { force: true })
    if (isMissing(refusal)) return false
    throw refusal
  }
  try {
    // A link appears complete or not at all, so that an unnamed claim is always a shim's.
    linkSync(draft, recordPath(dir))
    return true
  } catch (refusal) {
    if (errorCode(refusal) === "EEXIST" || isMissing(refusal)) return false
    throw refusal
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Rules an attempt out that nobody has claimed, for the given reason, where the disk has room for that: a late shim needs the same room. A claim is made once, so that one which is there needs no try. */
export const preventUnclaimedStart = (dir: string, reason: string): void => {
  try {
    if (readClaim(dir).kind === "none") claimAttempt(dir, reason)
  } catch {
    // What is found or stopped there is told all the same.
  }
}
