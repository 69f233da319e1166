/** Summarizes how several tasks ended. Answers about many tasks start with it. */
import { Failure } from "@backbeat/core/task/Failure"
import { statuses } from "@backbeat/core/task/TaskState"
import * as Schema from "effect/Schema"
import { optional } from "./fields.ts"

/** Whether all, some or none succeeded. */
export const Outcome = Schema.Literals(["succeeded", "partial_failure", "failed"])
export type Outcome = typeof Outcome.Type

/** How many failed tasks are listed. */
export const failuresMaxCount = 20

/** The number of tasks in each status that occurs. */
export const Counts = Schema.Record(Schema.Literals(statuses), Schema.optionalKey(Schema.Int))
export type Counts = typeof Counts.Type

/** A task that failed. */
export const FailedTask = Schema.Struct({
  id: Schema.String,
  exitCode: optional(Schema.Int, "if it explains the failure"),
  failure: optional(Failure, "if exitCode does not explain it"),
  lastLines: optional(Schema.Array(Schema.String), "at most three lines of its output")
})
export type FailedTask = typeof FailedTask.Type

/** The fields. */
export const ends = {
  outcome: Outcome.annotate({
    description:
      "succeeded: all of them completed, or are ready; failed: none; else partial_failure"
  }),
  counts: Counts.annotate({ description: "how many are in each status that any of them is in" }),
  failures: optional(
    Schema.Array(FailedTask),
    `those that failed, at most ${failuresMaxCount}; not those that were cancelled`
  )
}

/** The outcome when this many of all tasks succeeded. */
export const outcomeOf = (total: number, good: number): Outcome => {
  if (good === total) return "succeeded"
  return good === 0 ? "failed" : "partial_failure"
}

/** Counts each word. */
export const countOf = <Word extends string>(
  words: ReadonlyArray<Word>
): { readonly [Each in Word]?: number } => {
  const counts: { [Each in Word]?: number } = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
