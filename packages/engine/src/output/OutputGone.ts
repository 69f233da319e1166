// The output was removed between locating and reading its lines.
import * as Data from "effect/Data"

/**
 * The files of the located lines are no longer there: the task was pruned, or the home was removed.
 */
export class OutputGone extends Data.TaggedError("OutputGone")<{ readonly dir: string }> {}
