/** The only error of the stores. */
import * as Schema from "effect/Schema"

/** An error of the stored state, for people. Its message says what to do next. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  reason: Schema.Literals(["damaged", "newer", "full", "readonly", "unavailable"]),
  message: Schema.String
}) {}
