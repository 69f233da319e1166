// What rotation has taken from an attempt's files, kept beside them in `dropped`.
// Offsets are those of the whole output ever written, so cursors and the arrival index outlive a rotation.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"

/** How far one stream was dropped: `keptFrom` is the offset of the oldest byte kept, `shift` what to take from an offset to find it in the file. */
export interface Dropped {
  readonly keptFrom: number
  readonly shift: number
}

/** The record of both streams. */
export interface DroppedRecord {
  readonly stdout: Dropped
  readonly stderr: Dropped
}

const nothing: Dropped = { keptFrom: 0, shift: 0 }

/** Reads the record of an attempt; nothing is dropped when there is none. */
export function readDropped(dir: string): DroppedRecord {
  const path = `${dir}/dropped`
  // A missing file is the rule, and a thrown ENOENT costs ten times this look.
  if (!existsSync(path)) return { stdout: nothing, stderr: nothing }
  const fields = readFileSync(path, "utf8").split(" ").map(Number)
  const [outFrom, outShift, errFrom, errShift] = fields
  return { stdout: dropped(outFrom, outShift), stderr: dropped(errFrom, errShift) }
}

/** Replaces the record of an attempt in one step. */
export function writeDropped(dir: string, record: DroppedRecord): void {
  const { stdout, stderr } = record
  const scratch = `${dir}/dropped.next`
  writeFileSync(scratch, `${stdout.keptFrom} ${stdout.shift} ${stderr.keptFrom} ${stderr.shift}\n`, { mode: 0o600 })
  renameSync(scratch, `${dir}/dropped`)
}

function dropped(keptFrom: number | undefined, shift: number | undefined): Dropped {
  if (keptFrom === undefined || shift === undefined) return nothing
  return Number.isSafeInteger(keptFrom) && Number.isSafeInteger(shift) ? { keptFrom, shift } : nothing
}
