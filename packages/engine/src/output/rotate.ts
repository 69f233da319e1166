// Keeps an attempt's output within its limit while the task writes. Drops the oldest bytes, whole
// lines if possible.
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync
} from "../system/files.ts"
import { readDropped, writeDropped } from "./DroppedRecord.ts"
import type { Dropped } from "./DroppedRecord.ts"
import { characterStart } from "./Line.ts"
import { outputPath, outputStreams } from "./OutputStream.ts"
import type { OutputStream, PerStream } from "./OutputStream.ts"
import { punchHole } from "./punchHole.ts"
import { statIfThere } from "../process/statIfThere.ts"

const lineSearchBytes = 65_536
const copyBytes = 1_048_576
const newline = 10

/**
 * How to drop bytes: "hole" keeps every offset in the file; "copy" moves the end to the front and
 * truncates.
 */
export type RotateMethod = "hole" | "copy"

/**
 * The limit (1 KiB to 1 GiB for each stream), for both streams or one. Only tests set `method`; by
 * default it uses holes, or copies if the file system has none.
 */
export interface Rotation {
  readonly dir: string
  readonly maxOutputBytes: number
  readonly streams?: readonly OutputStream[]
  readonly method?: RotateMethod
}

/**
 * Drops what exceeds the limit and need not be read any more. Call it at each growth; it returns
 * the bytes dropped so far. A hole loses nothing else. A copy also loses, uncounted, what the task
 * writes between the last read of the file's end and its truncation: rarely for a quiet task, but
 * for a task that writes without pause a few KiB in one of about twenty copies. `lossPossible`
 * reports this to readers. Copies keep half of the limit, so they are rare.
 */
export function rotate(rotation: Rotation): PerStream {
  for (const stream of rotation.streams ?? outputStreams) {
    const { keptFrom, shift } = readDropped(rotation.dir)[stream]
    const size = statIfThere(outputPath(rotation.dir, stream))?.size ?? 0
    if (size + shift - keptFrom > rotation.maxOutputBytes) rotateStream(rotation, stream)
  }
  const record = readDropped(rotation.dir)
  return { stdout: record.stdout.keptFrom, stderr: record.stderr.keptFrom }
}

function rotateStream(rotation: Rotation, stream: OutputStream): void {
  const { dir, maxOutputBytes, method = "hole" } = rotation
  const fd = openSync(outputPath(dir, stream), "r+")
  try {
    const record = readDropped(dir)
    const { keptFrom, shift } = record[stream]
    const size = fstatSync(fd).size
    const last = stream === "stdout" && record.taken !== null ? record.taken.events - shift : size
    if (last + shift <= keptFrom) return
    if (method === "hole") {
      const cut = Math.min(last, lineStart(fd, size - maxOutputBytes))
      // The record is written first, so that no reader takes the hole for output. Dropping again is
      // harmless.
      recordDropped(dir, stream, { keptFrom: cut + shift, shift })
      if (punchHole(fd, cut)) return
    }
    const cut = Math.min(last, lineStart(fd, size - Math.floor(maxOutputBytes / 2)))
    moveToFront(fd, cut)
    recordDropped(dir, stream, { keptFrom: cut + shift, shift: cut + shift })
  } finally {
    closeSync(fd)
  }
}

/** The first start of a line after this offset; if none is near, the first start of a character. */
function lineStart(fd: number, from: number): number {
  const bytes = new Uint8Array(lineSearchBytes)
  const count = readSync(fd, bytes, 0, lineSearchBytes, from - 1)
  const at = bytes.subarray(0, count).indexOf(newline)
  return from - 1 + (at >= 0 ? at + 1 : characterStart(bytes.subarray(0, count), 1))
}

function moveToFront(fd: number, from: number): void {
  const buffer = new Uint8Array(copyBytes)
  let kept = 0
  for (
    let count = readSync(fd, buffer, 0, copyBytes, from);
    count > 0;
    count = readSync(fd, buffer, 0, copyBytes, from + kept)
  ) {
    writeSync(fd, buffer, 0, count, kept)
    kept += count
  }
  ftruncateSync(fd, kept)
}

function recordDropped(dir: string, stream: OutputStream, dropped: Dropped): void {
  writeDropped(dir, { ...readDropped(dir), [stream]: dropped })
}
