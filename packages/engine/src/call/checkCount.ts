/** Limits the number of items in an array of payloads. */
import { commandInputError, type Problem } from "@backbeat/contract/Problem"

const maxItems = 1000

/** Rejects an array with too many or no items; null if the count is allowed. */
export const checkCount = (count: number): Problem | null =>
  count > 0 && count <= maxItems
    ? null
    : commandInputError(
        `a batch has 1 to ${maxItems} items, and this one has ${count}`,
        count === 0 ? "Add at least one item." : "Split it into several calls.",
        { maxItems }
      )
