/** Text that the system can take: a NUL would end an argument, a path or a variable. */
import * as Schema from "effect/Schema"

const withoutNul = Schema.isPattern(/^[^\0]*$/u, { message: "must not contain NUL bytes" })

/** Text without NUL. */
export const Text = Schema.String.check(withoutNul)
/** Text without NUL that is not empty. */
export const NonEmptyText = Schema.NonEmptyString.check(withoutNul)
