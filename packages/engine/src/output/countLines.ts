// Counts the lines of a stream. Counting reads the whole file, so the counts of full blocks are
// cached.
import * as Effect from "effect/Effect"
import type { OutputFile } from "./OutputFile.ts"

const blockBytes = 1_048_576
const maxFiles = 64
const newline = 10

// Counts by file and block. A full block never changes. A block that rotation has partly dropped is
// counted again.
const countsByFile = new Map<string, (number | undefined)[]>()

/**
 * Counts the kept lines of a stream, including a last one without newline. The first count of 1 GiB
 * takes about a third of a second, the next no time.
 */
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
      // The bytes counted so far were dropped.
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
  // The most recently used file is removed last.
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

/**
 * Counts four bytes at a time: each newline byte sets one bit, and 255 such words fit into four
 * counters.
 */
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
