// Keeps an attempt's output within its limit while the task goes on writing: the oldest bytes go, whole lines as far as possible.
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

/** How to make room: "hole" leaves every offset in the file as it is; "copy" moves the end to the front and truncates. */
export type RotateMethod = "hole" | "copy"

/** What to keep within which limit (1 KiB to 1 GiB for each stream), of both streams or one. `method` is only given by tests: by default a hole, and a copy where the file system has none. */
export interface Rotation {
  readonly dir: string
  readonly maxOutputBytes: number
  readonly streams?: readonly OutputStream[]
  readonly method?: RotateMethod
}

/** Drops what exceeds the limit and nobody must read any more, to be called at each growth, and gives the bytes dropped so far.
 *  With a hole nothing is lost but what is dropped. A copy also loses, uncounted, what the task writes between the last look at
 *  the file's end and its truncation: rarely for a quiet task, but of a task that writes without pause a few KiB in one of some
 *  twenty copies, the end of the output not excepted. Readers are told by `lossPossible`. Half of the limit is kept, so copies are rare. */
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
      // The record comes first: a reader that finds it never takes the hole for output, and dropping again is harmless.
      note(dir, stream, { keptFrom: cut + shift, shift })
      if (punchHole(fd, cut)) return
    }
    const cut = Math.min(last, lineStart(fd, size - Math.floor(maxOutputBytes / 2)))
    moveToFront(fd, cut)
    note(dir, stream, { keptFrom: cut + shift, shift: cut + shift })
  } finally {
    closeSync(fd)
  }
}

/** The first start of a line from here on; when none is near, the first start of a character. */
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

function note(dir: string, stream: OutputStream, dropped: Dropped): void {
  writeDropped(dir, { ...readDropped(dir), [stream]: dropped })
}
