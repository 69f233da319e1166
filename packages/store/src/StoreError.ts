/** The one failure of every store. */
import * as Schema from "effect/Schema"

/** What went wrong with the stored state, for people: the reason says what to do next. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  reason: Schema.Literals(["damaged", "newer", "full", "readonly", "unavailable"]),
  message: Schema.String
}) {}
