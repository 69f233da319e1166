/** Splits long lists into several statements. */

/** The most rows or ids of one statement. */
const rowCount = 50

type Part<A> = readonly [A, ...Array<A>]

/** Splits rows into parts for one statement each. */
export const inParts = <A>(rows: ReadonlyArray<A>): ReadonlyArray<Part<A>> => {
  const parts: Array<Part<A>> = []
  for (let from = 0; from < rows.length; from += rowCount) {
    const [first, ...rest] = rows.slice(from, from + rowCount)
    if (first !== undefined) parts.push([first, ...rest])
  }
  return parts
}
