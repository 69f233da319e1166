// What rotation has dropped from an attempt's files, and how much it may drop, in the file
// `dropped`. Offsets count all output ever written, so cursors and timestamps stay valid after a
// rotation.
import { existsSync, readFileSync, renameSync, writeFileSync } from "../system/files.ts"

/**
 * How far one stream was dropped: `keptFrom` is the offset of the oldest kept byte. Subtract
 * `shift` from an offset to find it in the file.
 */
export interface Dropped {
  readonly keptFrom: number
  readonly shift: number
}

/** How far an agent's events were converted into text, as offsets in both. */
export interface Taken {
  readonly events: number
  readonly text: number
}

/**
 * The record of both streams. With `taken`, a reader needs all of standard output, and what it has
 * not read is not dropped.
 */
export interface DroppedRecord {
  readonly stdout: Dropped
  readonly stderr: Dropped
  readonly taken: Taken | null
}

const nothing: Dropped = { keptFrom: 0, shift: 0 }

/** Reads the record of an attempt; nothing is dropped if there is none. */
export function readDropped(dir: string): DroppedRecord {
  const path = `${dir}/dropped`
  // The file is usually missing, and a thrown ENOENT costs ten times as much as this check.
  if (!existsSync(path)) return { stdout: nothing, stderr: nothing, taken: null }
  const fields = readFileSync(path, "utf8").split(" ").map(Number)
  const [outFrom, outShift, errFrom, errShift, events, text] = fields
  return {
    stdout: dropped(outFrom, outShift),
    stderr: dropped(errFrom, errShift),
    taken: takenTo(events, text)
  }
}

/** Replaces the record of an attempt atomically. */
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
