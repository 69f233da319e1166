// What is wrong with a request for log lines.
import * as Schema from "effect/Schema"

/** The field of a log request cannot be used, and the message goes on from its name: a cursor that is none of ours, a regex that does not compile or would take too long. */
export class InvalidLogQuery extends Schema.TaggedError<InvalidLogQuery>()("InvalidLogQuery", {
  field: Schema.Literals(["since", "grep"]),
  message: Schema.String,
  isSlow: Schema.optionalKey(Schema.Boolean)
}) {
  /** What to do about it. */
  get hint(): string {
    if (this.field === "since") return "Give the cursor of an earlier answer."
    if (this.isSlow === true)
      return "Its syntax is right, but it is too slow: have no repeat inside a repeat, and .* at most once."
    return "JavaScript's syntax is used."
  }
}
