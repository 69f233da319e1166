// The output was removed between the look for its lines and their reading.
import * as Data from "effect/Data"

/** The files in which the lines were found are not at their places any more: the task was pruned, or its home taken away. */
export class OutputGone extends Data.TaggedError("OutputGone")<{ readonly dir: string }> {}
