/** Text that can be handed to the system: argument vectors, paths and environments end at a NUL. */
import * as Schema from "effect/Schema"

const withoutNul = Schema.isPattern(/^[^\0]*$/u, { message: "must not contain NUL bytes" })

/** Text without NUL. */
export const Text = Schema.String.check(withoutNul)
/** Text without NUL that says something. */
export const NonEmptyText = Schema.NonEmptyString.check(withoutNul)
