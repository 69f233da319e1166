/**
 * The claim of an attempt. It is created once: by the shim that runs the attempt, or by an engine
 * that prevents the attempt from starting.
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
 * The owner of an attempt: none, an engine that prevents its start, a shim that is still writing
 * its claim, a known shim, or damaged. `since` are the ticks since boot before which the shim did
 * not start, 0 if unknown. `identity` is null after the shim has ended.
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

/** Without /proc the shim is recognized by its start between two instants. */
const identifyByTime = (pid: number, from: number, until: number): ProcessIdentity | null => {
  const identity = identify(pid)
  if (identity === null) return null
  const startedAt = Date.parse(`${identity.startTime} UTC`)
  return startedAt >= Math.floor(from / 1000) * 1000 && startedAt <= until ? identity : null
}

/**
 * The process with this order in its environment. Only one shim has it; its command does not get
 * it.
 */
const identifyByOrder = (pid: number, order: string): ProcessIdentity | null => {
  const identity = identify(pid)
  const environ = identity === null ? null : readProcFile(`/proc/${pid}/environ`)
  return environ?.includes(`${orderVariable}=${order}\0`) === true ? identity : null
}

/** A claim of earlier versions: the pid, a line of /proc/PID/stat, the boot. */
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

/** The claim in an attempt's record. Throws only if the system lacks descriptors or memory. */
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

/**
 * Reads an attempt's claim; none for a missing folder. Throws only if the system lacks descriptors
 * or memory.
 */
export const readClaim = (dir: string): Claim => claimIn(dir, readAttemptRecord(dir))

const isMissing = (refusal: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(errorCode(refusal))

/**
 * Prevents an attempt from starting, for the given reason: a late shim finds it claimed. Returns
 * false if it is already claimed or its folder is gone.
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
    // A hard link appears complete or not at all. So a claim without a name is always a shim's.
    linkSync(draft, recordPath(dir))
    return true
  } catch (refusal) {
    if (errorCode(refusal) === "EEXIST" || isMissing(refusal)) return false
    throw refusal
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Prevents an unclaimed attempt from starting, for the given reason, if the disk has space for the
 * claim; a late shim needs the same space. An existing claim needs no attempt to write one.
 */
export const preventUnclaimedStart = (dir: string, reason: string): void => {
  try {
    if (readClaim(dir).kind === "none") claimAttempt(dir, reason)
  } catch {
    // Results of the search are reported anyway.
  }
}
