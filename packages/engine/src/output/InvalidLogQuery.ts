// What is wrong with a request for log lines.
import * as Schema from "effect/Schema";

/** The field of a log request cannot be used, and the message goes on from its name: a cursor that is none of ours, a regex that does not compile or would take too long. */
export class InvalidLogQuery extends Schema.TaggedError<InvalidLogQuery>()("InvalidLogQuery", {
  field: Schema.Literals(["since", "grep"]),
  message: Schema.String,
}) {}
