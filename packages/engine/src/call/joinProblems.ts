/** Joins the problems of several items into one. */
import { joined } from "@backbeat/contract/Text"
import type { Problem } from "@backbeat/contract/Problem"

/** How many problems are listed. */
const maxIssues = 100

/** The problem of the first item, with the messages of all in `issues`; null when there is none. */
export const joinProblems = (problems: ReadonlyMap<number, Problem>): Problem | null => {
  const [first, ...others] = [...problems]
    .toSorted(([one], [other]) => one - other)
    .map(([, problem]) => problem)
  if (first === undefined || others.length === 0) return first ?? null
  const items = others.length === 1 ? "1 other item is" : `${others.length} other items are`
  const { try: _, changes: __, ...shown } = first
  return {
    ...shown,
    message: joined(first.message, `; ${items} also rejected`),
    issues: [first, ...others]
      .slice(0, maxIssues)
      .map(({ path, message }) => ({ ...(path === undefined ? {} : { path }), message }))
  }
}
