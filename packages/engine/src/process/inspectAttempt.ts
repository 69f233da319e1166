/**
 * What an attempt folder alone tells of the attempt, whatever was killed in between.
 */
import { existsSync } from "../system/files.ts"
import { join } from "node:path"
import { isHeld } from "./AliveFifo.ts"
import type { Claim } from "./Claim.ts"
import { readClaim } from "./Claim.ts"
import type { ExitRecord } from "./ExitRecord.ts"
import { readExitRecord } from "./ExitRecord.ts"
import { execFailed, forkRefused, unclaimed } from "./notBegun.ts"
import type { ProcessIdentity } from "./Identity.ts"
import { currentBootId, isAlive } from "./Identity.ts"
import { statIfThere } from "./statIfThere.ts"

/** How an attempt is over: with a record, without one, or without its command ever having been started. */
export type AttemptEnd =
  | { readonly kind: "ended"; readonly record: ExitRecord }
  | { readonly kind: "gone"; readonly evidence: string }
  | { readonly kind: "notSpawned"; readonly message: string; readonly transient?: boolean }

/**
 * Where an attempt stands. `alive` may be a tree whose shim was killed: then no record will come. `identity` is the
 * shim's, null in the instant in which it writes its name.
 */
export type AttemptState =
  | AttemptEnd
  | { readonly kind: "unclaimed" }
  | {
      readonly kind: "alive"
      readonly identity: ProcessIdentity | null
      readonly shimAlive: boolean
    }

const lastWriteAt = (path: string): number => {
  const stat = statIfThere(path)
  return stat === undefined || stat.size === 0 ? 0 : stat.mtimeMs
}

const isReadable = (path: string): boolean => statIfThere(path)?.isFile() !== false

const evidenceOf = (dir: string, claim: Claim & { readonly kind: "shim" }): string => {
  const outputAt = Math.max(
    lastWriteAt(join(dir, "stdout.log")),
    lastWriteAt(join(dir, "stderr.log"))
  )
  const rebooted = claim.identity !== null && claim.identity.bootId !== currentBootId()
  return [
    rebooted
      ? `The machine was restarted while the attempt ran (boot ${claim.identity.bootId}, now ${currentBootId()}).`
      : `The shim (pid ${claim.pid}) is gone without a record, and no process of its command was found.`,
    ...(isReadable(join(dir, "exit"))
      ? []
      : [`The path of its record, ${join(dir, "exit")}, is not a file.`]),
    outputAt === 0
      ? "There was no output."
      : `The last output was at ${new Date(outputAt).toISOString()}.`
  ].join(" ")
}

const recorded = (dir: string, record: ExitRecord): AttemptEnd => {
  const failed = record.end.kind === "exited" ? execFailed(dir, record.end.code) : null
  return failed === null ? { kind: "ended", record } : { kind: "notSpawned", ...failed }
}

const isFolder = (dir: string): boolean => statIfThere(dir)?.isDirectory() === true

/** Whether an engine has prepared the folder for a shim: the output is opened before the spawn. */
const isPrepared = (dir: string): boolean => existsSync(join(dir, "stdout.log"))

const strippedFolder = (dir: string): string => {
  if (!existsSync(dir)) return `The attempt's folder ${dir} is missing.`
  return isFolder(dir)
    ? `The attempt's folder ${dir} has lost its files.`
    : `The attempt's folder ${dir} is not a folder.`
}

/** The end of an attempt that its folder says has never run, though its processes were found. */
export const lostBehind = (dir: string, message: string): AttemptEnd => ({
  kind: "gone",
  evidence: `Its processes ended without a record, although its folder ${dir} says: ${message}`
})

/** The end of an attempt whose FIFO nobody holds: a record that is not there by now will never be. */
export const inspectReleased = (dir: string): AttemptEnd => {
  const record = readExitRecord(dir)
  if (record !== null) return recorded(dir, record)
  const claim = readClaim(dir)
  switch (claim.kind) {
    case "none":
      return isPrepared(dir)
        ? { kind: "notSpawned", ...unclaimed(dir) }
        : { kind: "gone", evidence: strippedFolder(dir) }
    case "unreadable":
      return { kind: "gone", evidence: `The attempt's claim cannot be read: ${claim.message}` }
    case "engine":
      return { kind: "notSpawned", message: claim.message }
    case "unnamed":
      return { kind: "notSpawned", ...unclaimed(dir) }
    case "shim": {
      const refused = forkRefused(dir)
      return refused === null
        ? { kind: "gone", evidence: evidenceOf(dir, claim) }
        : { kind: "notSpawned", ...refused }
    }
  }
}

/** Whether nothing has run for want of something that the system may have soon. */
export const isPassing = (found: AttemptState): boolean =>
  found.kind === "notSpawned" && found.transient === true

/** Where the attempt of a folder stands now. */
export const inspectAttempt = (dir: string): AttemptState => {
  const claim = readClaim(dir)
  if (claim.kind === "none" && isFolder(dir)) return { kind: "unclaimed" }
  if (claim.kind === "none" || claim.kind === "engine") return inspectReleased(dir)
  const record = readExitRecord(dir)
  if (record !== null) return recorded(dir, record)
  const identity = claim.kind === "shim" ? claim.identity : null
  const shimAlive = identity !== null && isAlive(identity)
  if (shimAlive || isHeld(dir))
    return { kind: "alive", identity, shimAlive: shimAlive || claim.kind !== "shim" }
  return inspectReleased(dir)
}

/** Where an attempt stands of which it is known that its folder was ready for the spawn: one without files has lost them. */
export const inspectSpawned = (dir: string): AttemptState => {
  const found = inspectAttempt(dir)
  return found.kind === "unclaimed" && !isPrepared(dir) ? inspectReleased(dir) : found
}
