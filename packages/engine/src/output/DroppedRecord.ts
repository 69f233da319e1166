// What rotation has taken from an attempt's files, and how much of them it may take, kept beside them in `dropped`.
// Offsets are those of the whole output ever written, so cursors and the arrival index outlive a rotation.
import { existsSync, readFileSync, renameSync, writeFileSync } from "../system/files.ts"

/** How far one stream was dropped: `keptFrom` is the offset of the oldest byte kept, `shift` what to take from an offset to find it in the file. */
export interface Dropped {
  readonly keptFrom: number
  readonly shift: number
}

/** How far an agent's events have become text, as offsets of both: the text of what comes later begins there. */
export interface Taken {
  readonly events: number
  readonly text: number
}

/** The record of both streams. With `taken`, standard output has a reader who must have all of it: what he has not taken is not dropped. */
export interface DroppedRecord {
  readonly stdout: Dropped
  readonly stderr: Dropped
  readonly taken: Taken | null
}

const nothing: Dropped = { keptFrom: 0, shift: 0 }

/** Reads the record of an attempt; nothing is dropped when there is none. */
export function readDropped(dir: string): DroppedRecord {
  const path = `${dir}/dropped`
  // A missing file is the rule, and a thrown ENOENT costs ten times this look.
  if (!existsSync(path)) return { stdout: nothing, stderr: nothing, taken: null }
  const fields = readFileSync(path, "utf8").split(" ").map(Number)
  const [outFrom, outShift, errFrom, errShift, events, text] = fields
  return {
    stdout: dropped(outFrom, outShift),
    stderr: dropped(errFrom, errShift),
    taken: takenTo(events, text)
  }
}

/** Replaces the record of an attempt in one step. */
export function writeDropped(dir: string, record: DroppedRecord): void {
  const { stdout, stderr, taken } = record
  const scratch = `${dir}/dropped.next`
  const fields = [
    stdout.keptFrom,
    stdout.shift,
    stderr.keptFrom,
    stderr.shift,
    ...(taken === null ? [] : [taken.events, taken.text])
  ]
  writeFileSync(scratch, `${fields.join(" ")}\n`, { mode: 0o600 })
  renameSync(scratch, `${dir}/dropped`)
}

function dropped(keptFrom: number | undefined, shift: number | undefined): Dropped {
  if (keptFrom === undefined || shift === undefined) return nothing
  return Number.isSafeInteger(keptFrom) && Number.isSafeInteger(shift)
    ? { keptFrom, shift }
    : nothing
}

function takenTo(events: number | undefined, text: number | undefined): Taken | null {
  if (events === undefined || text === undefined) return null
  return Number.isSafeInteger(events) && Number.isSafeInteger(text) ? { events, text } : null
}
