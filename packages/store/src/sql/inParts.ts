/** Long lists as several statements. */

/** How many rows or ids one statement has. */
const rowCount = 50

type Part<A> = readonly [A, ...Array<A>]

/** Cuts rows into statements. */
export const inParts = <A>(rows: ReadonlyArray<A>): ReadonlyArray<Part<A>> => {
  const parts: Array<Part<A>> = []
  for (let from = 0; from < rows.length; from += rowCount) {
    const [first, ...rest] = rows.slice(from, from + rowCount)
    if (first !== undefined) parts.push([first, ...rest])
  }
  return parts
}
