/**
 * Pages of the memory stores, newest entry first. A cursor is the `seq` of the last entry of a
 * page.
 */
import { countMax } from "../TaskStore.ts"

interface Sequenced {
  readonly seq: number
}

/** The page of `found` after the cursor `after`. An invalid cursor gives an empty page. */
export const pageOf = <Entry extends Sequenced>(
  found: ReadonlyArray<Entry>,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined }
) => {
  const newest = found.toSorted((one, two) => two.seq - one.seq)
  const rest =
    after === undefined
      ? newest
      : newest.filter(({ seq }) => /^\d{1,15}$/.test(after) && seq < Number(after))
  const page = rest.slice(0, limit)
  return {
    total: Math.min(found.length, countMax + 1),
    entries: page,
    next: rest.length > limit ? String(page.at(-1)?.seq) : null
  }
}
