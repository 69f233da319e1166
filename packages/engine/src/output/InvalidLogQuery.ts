// An invalid query of log lines.
import * as Schema from "effect/Schema"

/**
 * A field of a log query is invalid, and the message continues its name: an unknown cursor, or a
 * regular expression that does not compile or is too slow.
 */
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
