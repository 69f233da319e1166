/** From the text of a cron expression to its fields: the one place that knows croner. Five fields, no nicknames, no extensions. */
import { CronPattern } from "croner"
import * as Result from "effect/Result"
import { type CronFields, everMatches } from "./CronFields.ts"

/** Why a text is no expression that can be used; `form` is one that works, where one is obvious. */
export interface CronFlaw {
  readonly message: string
  readonly hint: string
  readonly form: string | null
}

const names = ["minute", "hour", "day of the month", "month", "day of the week"] as const
const ranges = ["0-59", "0-23", "1-31", "1-12 or JAN-DEC", "0-7 or SUN-SAT"] as const
const shape = "minute hour day-of-month month day-of-week"

const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *"
}

const flaw = (message: string, hint: string, form: string | null = null) =>
  Result.fail<CronFlaw>({ message, hint, form })

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`

/** What may stand in a field: croner takes more than cron does. */
const allowed = /^[0-9A-Za-z*,/-]$/u

const extensions: Readonly<Record<string, string>> = {
  "?": "Use * instead of ?.",
  "#": "Text after # is not an expression. For the n-th weekday of a month, use a range of days and test the weekday in the script.",
  "+": "Use numbers or names without a sign."
}

const strange = (text: string): Result.Result<void, CronFlaw> => {
  for (const character of text) {
    if (/\s/u.test(character) && /[ \t\r\n]/u.test(character)) continue
    const hint = extensions[character]
    if (hint !== undefined) return flaw(`${character} is not supported`, hint)
    if (!allowed.test(character))
      return flaw(
        `contains ${codeOf(character)}, which is no part of an expression`,
        `Use digits, names, * , - and / in five fields: ${shape}.`
      )
  }
  return Result.succeed(undefined)
}

/** `L` and `W` are letters of names too: only alone or beside numbers they are the extensions. */
const isExtension = (field: string): boolean =>
  field.split(",").some((part) => /^(?:L|W|LW|\d+[LW]|L-\d+|[A-Za-z]{3}L)$/iu.test(part))

const stars = ["*", "*", "*", "*", "*"]

const refusesField = (field: string, place: number): string | null => {
  try {
    // croner reads the whole of it: a field is judged among stars.
    return new CronPattern(stars.with(place, field).join(" "), undefined, { mode: "5-part" })
      .pattern === ""
      ? field
      : null
  } catch {
    return field
  }
}

const wrongFieldOf = (fields: ReadonlyArray<string>): Result.Result<never, CronFlaw> => {
  const place = fields.findIndex((field, index) => refusesField(field, index) !== null)
  const at = place === -1 ? 0 : place
  return flaw(
    `${names[at]} ${fields[at]}: must be *, a number, a range or a list within ${ranges[at]}, with a step such as */5 or 1-30/5 that is not longer than the field`,
    `Write five fields: ${shape}.`
  )
}

const sameEnds = (fields: ReadonlyArray<string>): Result.Result<void, CronFlaw> => {
  for (const [place, field] of fields.entries()) {
    const part = field.split(",").find((each) => /^(\w+)-\1(?:\/\d+)?$/iu.test(each))
    if (part !== undefined)
      return flaw(
        `${names[place]} ${field}: the range ${part} begins where it ends`,
        `Use ${part.split("-")[0]}.`
      )
  }
  return Result.succeed(undefined)
}

const valuesOf = (set: ReadonlyArray<number>, first: number): ReadonlyArray<number> =>
  set.flatMap((isIn, index) => (isIn === 0 ? [] : [index + first]))

const begins = (field: string | undefined): boolean => field?.startsWith("*") === true

const fieldsOf = (fields: ReadonlyArray<string>): Result.Result<CronFields, CronFlaw> => {
  const [minute, hour, day, , weekday] = fields
  try {
    const pattern = new CronPattern(fields.join(" "), undefined, { mode: "5-part" })
    return Result.succeed({
      minutes: valuesOf(pattern.minute, 0),
      hours: valuesOf(pattern.hour, 0),
      days: new Set(valuesOf(pattern.day, 1)),
      months: new Set(valuesOf(pattern.month, 1)),
      weekdays: new Set(valuesOf(pattern.dayOfWeek, 0).map((each) => each % 7)),
      isWildcard: begins(minute) || begins(hour),
      isEveryDay: begins(day),
      isEveryWeekday: begins(weekday)
    })
  } catch {
    return wrongFieldOf(fields)
  }
}

const counted = (fields: ReadonlyArray<string>): Result.Result<void, CronFlaw> => {
  if (fields.length === 5) return Result.succeed(undefined)
  const form = fields.length === 6 ? fields.slice(1).join(" ") : null
  return flaw(
    `has ${fields.length} fields, not five`,
    form === null
      ? `Write five fields: ${shape}.`
      : "Seconds are not supported. Remove the first field.",
    form
  )
}

const parse = (text: string): Result.Result<CronFields, CronFlaw> =>
  Result.gen(function* () {
    const trimmed = text.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/gu, "")
    if (trimmed.startsWith("@")) {
      const form = nicknames[trimmed.toLowerCase()] ?? null
      return yield* flaw(
        `${trimmed} is a nickname, not an expression`,
        form === null ? `Write five fields: ${shape}.` : `Use "${form}".`,
        form
      )
    }
    yield* strange(trimmed)
    const fields = trimmed.split(/[ \t\r\n]+/u)
    yield* counted(fields)
    const extended = fields.find(isExtension)
    if (extended !== undefined)
      return yield* flaw(
        `${extended} is not supported: L and W are extensions of cron`,
        "For the last day of the month use 28-31 as the day, and end the script unless tomorrow is the first."
      )
    yield* sameEnds(fields)
    const parsed = yield* fieldsOf(fields)
    if (!everMatches(parsed))
      return yield* flaw(
        `${trimmed} never occurs: no month that it names has such a day`,
        "Use a day that one of its months has."
      )
    return parsed
  })

/** The newest parsed ones: schedules are asked again and again. */
const known = new Map<string, Result.Result<CronFields, CronFlaw>>()
const knownAtMost = 2000

/** The fields of an expression. Fails with what is wrong with it. */
export const parseCron = (text: string): Result.Result<CronFields, CronFlaw> => {
  const found = known.get(text)
  if (found !== undefined) return found
  if (known.size >= knownAtMost) known.clear()
  const parsed = parse(text)
  known.set(text, parsed)
  return parsed
}
