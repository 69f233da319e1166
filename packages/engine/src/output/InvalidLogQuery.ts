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
    if (this.field === "since") return "Use data.cursor of an earlier answer."
    if (this.isSlow === true)
      return "The pattern is valid but too slow. Remove nested repeats, and use .* at most once."
    return "Use the JavaScript syntax for regular expressions."
  }
}
