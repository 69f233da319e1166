/** Finds the known word that is most similar to a mistyped one. */

/** The number of added, removed, replaced or swapped letters between two words. */
const distance = (left: string, right: string): number => {
  let before: ReadonlyArray<number> = []
  let row: ReadonlyArray<number> = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let at = 1; at <= left.length; at++) {
    const next = [at]
    for (let column = 1; column <= right.length; column++) {
      const same = left[at - 1] === right[column - 1] ? 0 : 1
      const swapped = left[at - 1] === right[column - 2] && left[at - 2] === right[column - 1]
      next.push(
        Math.min(
          (next[column - 1] ?? 0) + 1,
          (row[column] ?? 0) + 1,
          (row[column - 1] ?? 0) + same,
          swapped ? (before[column - 2] ?? Infinity) + 1 : Infinity
        )
      )
    }
    before = row
    row = next
  }
  return row[right.length] ?? 0
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_\s]/gu, "")

/** Allows one edit for words of up to four letters, then two and more. */
const allowedEdits = (left: string, right: string): number =>
  Math.max(1, Math.floor(Math.min(left.length, right.length) / 2.5))

/** The known word with the fewest edits, ignoring case and separators; null if none is similar. */
export const nearest = (word: string, known: ReadonlyArray<string>): string | null => {
  let best: string | null = null
  let bestDistance = Infinity
  const given = plain(word.slice(0, 128)).slice(0, 64)
  for (const candidate of known) {
    const meant = plain(candidate)
    const edits = distance(given, meant)
    if (edits <= allowedEdits(given, meant) && edits < bestDistance) {
      best = candidate
      bestDistance = edits
    }
  }
  return best
}

/** How many edits count as a typing error. More may be another word. */
const slipEdits = 2

/**
 * Whether two similar words certainly mean the same: a typing error apart, or one starts with the
 * other.
 */
export const isClose = (word: string, near: string): boolean => {
  const [given, meant] = [plain(word), plain(near)]
  return distance(given, meant) <= slipEdits || given.startsWith(meant) || meant.startsWith(given)
}
