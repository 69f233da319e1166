/**
 * What an attempt folder alone tells of the attempt, whatever was killed in between.
 */
import { existsSync } from "../system/files.ts"
import { join } from "node:path"
import { isHeld } from "./AliveFifo.ts"
import { type AttemptRecord, earlierPaths, readAttemptRecord, recordPath } from "./AttemptRecord.ts"
import type { Claim } from "./Claim.ts"
import { claimIn } from "./Claim.ts"
import type { ExitRecord } from "./ExitRecord.ts"
import { endIn } from "./ExitRecord.ts"
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
 * Where an attempt stands. `alive` may be a tree whose shim was killed: then no record will come. `pid` is the shim's, null in the instant in
 * which it writes its name; `identity` is null once it is gone.
 */
export type AttemptState =
  | AttemptEnd
  | { readonly kind: "unclaimed" }
  | {
      readonly kind: "alive"
      readonly pid: number | null
      readonly identity: ProcessIdentity | null
      readonly shimAlive: boolean
    }

const lastWriteAt = (path: string): number => {
  const stat = statIfThere(path)
  return stat === undefined || stat.size === 0 ? 0 : stat.mtimeMs
}

const lastOutputAt = (dir: string): number =>
  Math.max(lastWriteAt(join(dir, "stdout.log")), lastWriteAt(join(dir, "stderr.log")))

const outputOf = (dir: string): string => {
  const at = lastOutputAt(dir)
  return at === 0 ? "There was no output." : `The last output was at ${new Date(at).toISOString()}.`
}

const isReadable = (path: string): boolean => statIfThere(path)?.isFile() !== false

const evidenceOf = (dir: string, claim: Claim & { readonly kind: "shim" }): string => {
  const { exit } = earlierPaths(dir)
  return [
    claim.bootId === currentBootId()
      ? `The shim (pid ${claim.pid}) is gone without a record, and no process of its command was found.`
      : `The machine was restarted while the attempt ran (boot ${claim.bootId}, now ${currentBootId()}).`,
    ...(isReadable(exit) ? [] : [`The path of its record, ${exit}, is not a file.`]),
    outputOf(dir)
  ].join(" ")
}

const recorded = (dir: string, record: AttemptRecord, end: ExitRecord): AttemptEnd => {
  const failed = end.end.kind === "exited" ? execFailed(dir, record, end.end.code) : null
  return failed === null ? { kind: "ended", record: end } : { kind: "notSpawned", ...failed }
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
export const inspectReleased = (dir: string, record = readAttemptRecord(dir)): AttemptEnd => {
  const end = endIn(dir, record)
  if (end !== null) return recorded(dir, record, end)
  const claim = claimIn(dir, record)
  switch (claim.kind) {
    case "none":
      if (!isPrepared(dir)) return { kind: "gone", evidence: strippedFolder(dir) }
      // What has printed has run: its record was taken away.
      return lastOutputAt(dir) === 0
        ? { kind: "notSpawned", ...unclaimed(dir) }
        : {
            kind: "gone",
            evidence: `The record of the attempt, ${recordPath(dir)}, is missing. ${outputOf(dir)}`
          }
    case "unreadable":
      return { kind: "gone", evidence: `The attempt's claim cannot be read: ${claim.message}` }
    case "engine":
      return { kind: "notSpawned", message: claim.message }
    case "unnamed":
      return { kind: "notSpawned", ...unclaimed(dir) }
    case "shim": {
      const refused = forkRefused(dir, record)
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
  const record = readAttemptRecord(dir)
  if (record.kind === "missing" && isFolder(dir)) return { kind: "unclaimed" }
  const end = record.kind === "missing" ? null : endIn(dir, record)
  if (end !== null) return recorded(dir, record, end)
  const claim = claimIn(dir, record)
  if (claim.kind === "none" || claim.kind === "engine") return inspectReleased(dir, record)
  const { pid, identity } = claim.kind === "shim" ? claim : { pid: null, identity: null }
  const shimAlive = identity !== null && isAlive(identity)
  if (shimAlive || isHeld(dir))
    return { kind: "alive", pid, identity, shimAlive: shimAlive || claim.kind !== "shim" }
  return inspectReleased(dir)
}

/** Where an attempt stands of which it is known that its folder was ready for the spawn: one without files has lost them. */
export const inspectSpawned = (dir: string): AttemptState => {
  const found = inspectAttempt(dir)
  return found.kind === "unclaimed" && !isPrepared(dir) ? inspectReleased(dir) : found
}
