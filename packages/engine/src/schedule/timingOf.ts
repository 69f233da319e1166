/** From a payload to when its schedule ticks. */
import { nearest } from "@backbeat/contract/nearest"
import type { ScheduleInput } from "@backbeat/contract/operation/scheduleInput"
import { type Problem, withChange } from "@backbeat/contract/Problem"
import { parseCron } from "@backbeat/core/schedule/parseCron"
import type { Timing } from "@backbeat/core/schedule/Timing"
import { canonicalZone } from "@backbeat/core/schedule/Zone"
import * as Result from "effect/Result"
import { wrongField } from "../call/wrongField.ts"

type Fields = Pick<
  ScheduleInput,
  "scheduleType" | "cronExpression" | "timezone" | "scheduledAt" | "jitterMs"
>

const refuse = (path: string, message: string, hint: string): Result.Result<never, Problem> =>
  Result.fail(wrongField(path, message, hint))

const wrongZone = (given: string): Problem => {
  const known = Intl.supportedValuesOf("timeZone")
  const last = given.split("/").at(-1)?.toLowerCase() ?? ""
  const near =
    nearest(given, known) ??
    known.find((each) => each.toLowerCase().endsWith(`/${last.replaceAll(" ", "_")}`)) ??
    null
  const told = wrongField(
    "timezone",
    `unknown time zone: ${given}`,
    near === null
      ? "Use an IANA name such as Europe/Berlin, America/New_York or UTC."
      : `Did you mean ${near}?`
  )
  return near === null ? told : withChange(told, { timezone: near })
}

const zoneOf = ({ timezone }: Fields): Result.Result<string, Problem> => {
  const zone = canonicalZone(timezone ?? "UTC")
  return zone === null ? Result.fail(wrongZone(timezone ?? "")) : Result.succeed(zone)
}

const typeOf = ({
  scheduleType,
  cronExpression,
  scheduledAt
}: Fields): Result.Result<Timing["type"], Problem> => {
  if (scheduleType !== undefined) return Result.succeed(scheduleType)
  if (cronExpression !== undefined && scheduledAt !== undefined)
    return refuse(
      "scheduledAt",
      "cannot be combined with cronExpression",
      "Use cronExpression to run again and again, or scheduledAt to run once."
    )
  if (cronExpression !== undefined) return Result.succeed("cron")
  return scheduledAt === undefined
    ? refuse(
        "cronExpression",
        "is missing",
        'Give cronExpression to run again and again, scheduledAt to run once, or "scheduleType": "manual".'
      )
    : Result.succeed("one_time")
}

/** The fields that each type takes. */
const takes: Readonly<Record<Timing["type"], ReadonlyArray<keyof Fields>>> = {
  cron: ["cronExpression", "timezone", "jitterMs"],
  one_time: ["scheduledAt", "timezone", "jitterMs"],
  manual: []
}

const stray = (fields: Fields, type: Timing["type"]): Problem | null => {
  const all = ["cronExpression", "scheduledAt", "timezone", "jitterMs"] as const
  const field = all.find((each) => fields[each] !== undefined && !takes[type].includes(each))
  return field === undefined
    ? null
    : withChange(wrongField(field, `does not go with scheduleType ${type}`, "Remove this field."), {
        [field]: undefined
      })
}

const cronOf = (fields: Fields, zone: string): Result.Result<Timing, Problem> => {
  const expression = fields.cronExpression
  if (expression === undefined)
    return refuse("cronExpression", "is missing", 'Give five fields, such as "30 2 * * *".')
  return Result.mapBoth(parseCron(expression), {
    onSuccess: (): Timing => ({
      type: "cron",
      expression: expression.trim().replaceAll(/\s+/gu, " "),
      timezone: zone,
      jitterMs: fields.jitterMs ?? 0
    }),
    onFailure: ({ message, hint, form }) => {
      const told = wrongField("cronExpression", message, hint)
      return form === null ? told : withChange(told, { cronExpression: form })
    }
  })
}

/** A local time in a zone: one that is skipped is refused, the first of two equal ones is taken. */
const localInstant = (text: string, zone: string): Result.Result<number, Problem> => {
  const local = Temporal.PlainDateTime.from(text)
  const found = local.toZonedDateTime(zone, { disambiguation: "earlier" })
  if (found.toPlainDateTime().equals(local)) return Result.succeed(found.epochMilliseconds)
  const later = local.toZonedDateTime(zone, { disambiguation: "later" })
  const first = later.getTimeZoneTransition("previous") ?? later
  const next = first.toPlainDateTime().toString()
  return Result.fail(
    withChange(
      wrongField(
        "scheduledAt",
        `${text} does not exist in ${zone}: the clock is set forward`,
        `The next time that exists is ${next}.`
      ),
      { scheduledAt: next }
    )
  )
}

const instantOf = (text: string, zone: string): Result.Result<number, Problem> => {
  const invalid = wrongField(
    "scheduledAt",
    `is not a valid time: ${text}`,
    "Use an instant such as 2026-11-21T08:00:00Z, or a local time such as 2026-11-21T08:00."
  )
  return Result.flatMap(
    Result.try({
      try: () =>
        /(?:Z|[+-]\d{2}:\d{2})$/u.test(text)
          ? Result.succeed(Temporal.Instant.from(text).epochMilliseconds)
          : localInstant(text, zone),
      catch: () => invalid
    }),
    (found) => found
  )
}

const onceOf = (fields: Fields, zone: string, now: number): Result.Result<Timing, Problem> => {
  const { scheduledAt, jitterMs } = fields
  if (scheduledAt === undefined)
    return refuse("scheduledAt", "is missing", "Give the time at which it runs.")
  return Result.flatMap(instantOf(scheduledAt, zone), (at) =>
    at <= now
      ? refuse(
          "scheduledAt",
          `is in the past: ${scheduledAt}`,
          "Use a time to come, or start to run it now."
        )
      : Result.succeed({ type: "one_time", scheduledAt: at, jitterMs: jitterMs ?? 0 })
  )
}

/** When the schedule of a payload ticks. Fails with CommandInputError that names the field. `now` is epoch milliseconds. */
export const timingOf = (fields: Fields, now: number): Result.Result<Timing, Problem> =>
  Result.gen(function* () {
    const type = yield* typeOf(fields)
    const refusal = stray(fields, type)
    if (refusal !== null) return yield* Result.fail(refusal)
    if (type === "manual") return { type }
    const zone = yield* zoneOf(fields)
    return type === "cron" ? yield* cronOf(fields, zone) : yield* onceOf(fields, zone, now)
  })
