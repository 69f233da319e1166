/** How many items an array of payloads may have. */
import { commandInputError, type Problem } from "@backbeat/contract/Problem"

const maxItems = 1000

/** Why an array of so many items is refused; null when it is not. */
export const checkCount = (count: number): Problem | null =>
  count > 0 && count <= maxItems
    ? null
    : commandInputError(
        `a batch has 1 to ${maxItems} items, and this one has ${count}`,
        count === 0 ? "Add at least one item." : "Split it into several calls.",
        { maxItems }
      )
