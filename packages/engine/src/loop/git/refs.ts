/** The names of a loop's branch and refs. */

/** What of an id can stand in a ref. Ids that differ only in what cannot get a name of their own. Source: git-check-ref-format(1). */
const slugOf = (id: string): string => {
  const slug = id.replaceAll(/[^A-Za-z0-9_-]/gu, "-")
  return slug === id ? slug : `${slug}-${Bun.hash.crc32(id).toString(16)}`
}

/** The branch of a loop whose payload names none. */
export const branchOf = (id: string): string => `backbeat/${slugOf(id)}`

/** Where the refs of a loop are that keep its iterations. */
export const refsOf = (id: string): string => `refs/backbeat/${slugOf(id)}`

/** The ref that keeps what an iteration has made. */
export const iterationRef = (id: string, number: number): string => `${refsOf(id)}/${number}`

/** The ref that keeps what was in the worktree beside that, such as what its evaluation has written. */
export const besideRef = (id: string, number: number): string => `${refsOf(id)}/${number}.beside`
