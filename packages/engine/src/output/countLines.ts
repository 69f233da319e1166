// How many lines a stream has. Counting a whole file is the only cost that grows with it, so counts of full blocks are kept.
import * as Effect from "effect/Effect"
import type { OutputFile } from "./OutputFile.ts"

const blockBytes = 1_048_576
const maxFiles = 64
const newline = 10

// Counts by file and block. A full block never changes; of a block that rotation has begun to drop, nothing is taken from here.
const countsByFile = new Map<string, (number | undefined)[]>()

/** Counts the lines kept of a stream; a last line without newline counts. 1 GiB takes about a third of a second at first, and nothing the next time. */
export const countLines = Effect.fnUntraced(function* (file: OutputFile): Effect.fn.Return<number> {
  const words = new Int32Array(blockBytes / 4)
  const bytes = new Uint8Array(words.buffer)
  const counts = countsOf(file)
  let lines = 0
  let position = file.keptFrom
  let last = newline
  while (position < file.end) {
    const block = Math.floor(position / blockBytes)
    const blockEnd = Math.min(file.end, (block + 1) * blockBytes)
    const known = counts[block]
    const full = blockEnd - position === blockBytes
    if (full && known !== undefined && blockEnd < file.end) {
      lines += known
      position = blockEnd
      continue
    }
    const count = file.read(position, bytes.subarray(0, blockEnd - position))
    if (count === "dropped") {
      // What was counted so far is gone.
      lines = 0
      position = file.keptFrom
      continue
    }
    if (count === 0) break
    const found = countNewlines(words, bytes, count)
    if (count === blockBytes) counts[block] = found
    lines += found
    last = bytes[count - 1] ?? newline
    position += count
    yield* Effect.yieldNow
  }
  return last === newline ? lines : lines + 1
})

function countsOf(file: OutputFile): (number | undefined)[] {
  const key = `${file.path}:${file.inode}`
  const counts = countsByFile.get(key) ?? []
  // The file asked for last is the last to be forgotten.
  countsByFile.delete(key)
  countsByFile.set(key, counts)
  if (countsByFile.size > maxFiles)
    for (const oldest of countsByFile.keys()) return forget(oldest, counts)
  return counts
}

function forget(key: string, counts: (number | undefined)[]): (number | undefined)[] {
  countsByFile.delete(key)
  return counts
}

/** Four bytes at a time: each byte that is a newline sets one bit of its own, and 255 such words fit into four counters. */
function countNewlines(words: Int32Array, bytes: Uint8Array, count: number): number {
  const padded = Math.ceil(count / 4)
  bytes.fill(0, count, padded * 4)
  let total = 0
  for (let index = 0; index < padded;) {
    const stop = Math.min(padded, index + 255)
    let sums = 0
    for (; index < stop; index++) {
      const word = (words[index] ?? 0) ^ 0x0a0a0a0a
      const others = ((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word | 0x7f7f7f7f
      sums = (sums + (~others >>> 7)) | 0
    }
    total += (sums & 255) + ((sums >>> 8) & 255) + ((sums >>> 16) & 255) + (sums >>> 24)
  }
  return total
}
