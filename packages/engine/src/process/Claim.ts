/**
 * The `claim` file of an attempt folder: made once, by the shim that runs the attempt or by an engine that rules it out.
 */
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "../system/files.ts"
import { join } from "node:path"
import type { ProcessIdentity } from "./Identity.ts"
import { identify } from "./Identity.ts"
import { errorCode, errorMessage, isShortage } from "./thrown.ts"
import { hasProc, parseStat } from "./ProcessTable.ts"

/** Whose the attempt is: nobody's, ruled out by an engine, a shim's that is just writing its name, a known shim's, or damaged. */
export type Claim =
  | { readonly kind: "none" }
  | { readonly kind: "unreadable"; readonly message: string }
  | { readonly kind: "engine"; readonly message: string }
  | { readonly kind: "unnamed" }
  | { readonly kind: "shim"; readonly pid: number; readonly identity: ProcessIdentity | null }

/** Without /proc the shim cannot tell its start time: the process is taken for it that began between folder and claim. */
const identifyByTime = (dir: string, pid: number): ProcessIdentity | null => {
  const identity = identify(pid)
  if (identity === null) return null
  const startedAt = Date.parse(`${identity.startTime} UTC`)
  const earliestAt = Math.floor(statSync(dir).birthtimeMs / 1000) * 1000
  return startedAt >= earliestAt && startedAt <= statSync(join(dir, "claim")).mtimeMs
    ? identity
    : null
}

const parseClaim = (dir: string, text: string): Claim => {
  if (text.startsWith("engine "))
    return { kind: "engine", message: text.slice("engine ".length, -1) }
  const [name, stat, bootId, rest] = text.split("\n")
  const pid = Number(/^shim (\d+)$/.exec(name ?? "")?.[1])
  if (rest === undefined || stat === undefined || bootId === undefined || !(pid > 1))
    return { kind: "unnamed" }
  if (!hasProc) return { kind: "shim", pid, identity: identifyByTime(dir, pid) }
  const row = parseStat(stat)
  return {
    kind: "shim",
    pid,
    identity: row === null ? null : { pid, startTime: row.startTime, bootId }
  }
}

const isMissing = (refusal: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(errorCode(refusal))

/** Reads an attempt's claim; that of a missing folder is nobody's. Throws only when the system is short of descriptors or memory. */
export const readClaim = (dir: string): Claim => {
  let text: string
  try {
    text = readFileSync(join(dir, "claim"), "utf8")
  } catch (refusal) {
    if (isMissing(refusal)) return { kind: "none" }
    if (isShortage(refusal)) throw refusal
    return { kind: "unreadable", message: `${join(dir, "claim")}: ${errorMessage(refusal)}` }
  }
  return parseClaim(dir, text)
}

/**
 * Rules an attempt out for the given reason, so that a late shim never runs its command; false when it is claimed
 * already or its folder is gone.
 */
export const claimAttempt = (
  dir: string,
  reason = "cancelled before its command started"
): boolean => {
  const draft = join(dir, `claim.${process.pid}`)
  try {
    writeFileSync(draft, `engine ${reason}\n`, { mode: 0o600 })
  } catch (refusal) {
    rmSync(draft, { force: true })
    if (isMissing(refusal)) return false
    throw refusal
  }
  try {
    // A link appears complete or not at all, so that an unnamed claim is always a shim's.
    linkSync(draft, join(dir, "claim"))
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
