/**
 * The building blocks of payloads. Each states its limits, so that JSON Schema and decoder reject
 * the same values.
 */
import { NonEmptyText, Text } from "@backbeat/core/task/Text"
import * as Schema from "effect/Schema"

export { NonEmptyText, Text }

/** A payload without fields. An empty struct would accept every value. */
export const NoFields = Schema.Record(Schema.String, Schema.Never)

/** An integer between two bounds, inclusive. */
export const between = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** A text of at most so many characters, counted in code points like JSON Schema. */
export const atMost = (count: number) =>
  Schema.isMaxCodePoints(count, { message: `must have at most ${count} characters` })

/** One tag. */
export const Tag = NonEmptyText.check(atMost(64))

/** Up to 64 tags of up to 64 characters. */
export const Tags = Schema.Array(Tag).check(Schema.isMaxLength(64))

const day =
  "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))"
const clock = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"

/**
 * An instant as ISO 8601 with a zone, such as 2026-11-21T08:00:00.000Z; the day must exist in its
 * month.
 */
export const Instant = Schema.String.check(
  Schema.isPattern(
    new RegExp(
      `^[0-9]{4}-${day}T${clock}(?::[0-5][0-9](?:[.][0-9]{1,9})?)?(?:Z|[+-]${clock})$`,
      "u"
    ),
    {
      message: "expected an ISO 8601 instant with a zone, such as 2026-11-21T08:00:00.000Z"
    }
  )
)

/**
 * A list that selects something. An empty list is rejected: it would select everything or nothing.
 */
export const atLeastOne = <S extends Schema.Top>(item: S) =>
  Schema.Array(item).check(Schema.isMinLength(1))

/** The name of a signal. */
export const SignalName = Schema.Literals([
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGKILL",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGCONT",
  "SIGSTOP"
])

/** A regular expression in JavaScript syntax. */
export const Pattern = NonEmptyText.check(atMost(1000))

/** A value with a sentence that help, schemas and documents show. */
export const about = <S extends Schema.Top>(schema: S, description: string) =>
  schema.annotate({ description })

/** An optional field, with a sentence about it. */
export const optional = <S extends Schema.Top>(schema: S, description: string) =>
  Schema.optionalKey(schema.annotate({ description }))

/** What may be wrong although the call succeeded. */
export const warnings = optional(
  Schema.Array(Schema.String),
  "what may differ from what you meant, such as a queue without a limit"
)

/** Selects the caller's own tasks. */
export const mine = optional(
  Schema.Boolean,
  "tasks of the caller's session, or of its terminal if it has no session"
)

/** The field beside a count that has reached its limit. */
export const more = optional(Schema.Boolean, "true when there are more than total")

/** Which page of a list is shown: its length, and where it begins. */
export const page = {
  limit: optional(between(1, 500), "how many (default 50)"),
  after: optional(NonEmptyText, "the cursor `next` of the page before")
}

/** How many a list has. */
export const counted = {
  total: about(Schema.Int, "how many match, exact up to 10,000"),
  more
}

/** Where the page after begins, if there is one. */
export const next = optional(
  Schema.NullOr(Schema.String),
  "the cursor for `after`, when there are more"
)
