/** From the payload of `schedule create` to what is stored of it, and what is kept beside it; and back to a payload. */
import { type ScheduleInput, workFields } from "@backbeat/contract/operation/scheduleInput"
import { present } from "@backbeat/contract/cutTask"
import type { Problem } from "@backbeat/contract/Problem"
import type { Definition, Policy, Schedule } from "@backbeat/core/schedule/Schedule"
import type { Timing } from "@backbeat/core/schedule/Timing"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { wrongField } from "../call/wrongField.ts"
import type { Origin } from "../creation/Origin.ts"
import type { Variables } from "../home/TaskEnvironment.ts"
import { timingOf } from "./timingOf.ts"
import { kindOf, type Payload, stepCountOf, strayField } from "./workKinds.ts"

/** What a payload defines: the values of its variables stand apart. */
export interface Defined {
  readonly definition: Definition
  readonly given: Readonly<Record<string, Variables>>
}

const decodeJson = Schema.decodeUnknownSync(Schema.JsonObject)
const decodeVariables = Schema.decodeUnknownResult(Schema.Record(Schema.String, Schema.String))

const isRecord = (value: unknown): value is Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const variablesIn = (fields: Payload, path: string): Readonly<Record<string, Variables>> => {
  const env = decodeVariables(fields["env"])
  return Result.isSuccess(env) ? { [path]: env.success } : {}
}

/** Takes the values of variables out of a payload. */
const withoutValues = (
  payload: Payload
): { readonly payload: Payload; readonly given: Readonly<Record<string, Variables>> } => {
  let given = variablesIn(payload, "")
  const bare: Record<string, unknown> = Struct.omit(payload, ["env"])
  for (const field of ["steps", "tasks"]) {
    const several = payload[field]
    if (!Array.isArray(several)) continue
    const items: ReadonlyArray<unknown> = several
    bare[field] = items.map((item, index) => {
      if (!isRecord(item)) return item
      given = { ...given, ...variablesIn(item, `${field}[${index}]`) }
      return Struct.omit(item, ["env"])
    })
  }
  return { payload: bare, given }
}

/** The fields of a payload that say what each tick starts. */
export const workIn = (input: Payload): Payload =>
  Object.fromEntries(
    Object.entries(input).filter(
      ([name, value]) => Object.hasOwn(workFields, name) && value !== undefined
    )
  )

const defaultPolicy: Policy = {
  missedRunPolicy: "skip",
  missedAfterMs: 300_000,
  maxCatchup: 10,
  overlap: "skip",
  maxRuns: null,
  expiresAt: null,
  afterScheduleId: null,
  retainRuns: 50
}

/** The rules that a payload gives. */
const givenRules = (input: ScheduleInput): Partial<Omit<Policy, "expiresAt">> =>
  present(
    Struct.pick(input, [
      "missedRunPolicy",
      "missedAfterMs",
      "maxCatchup",
      "overlap",
      "maxRuns",
      "afterScheduleId",
      "retainRuns"
    ])
  )

const policyOf = (
  input: ScheduleInput,
  { type }: Timing,
  now: number
): Result.Result<Policy, Problem> => {
  if (type === "manual" && input.missedRunPolicy !== undefined)
    return Result.fail(
      wrongField(
        "missedRunPolicy",
        "does not go with scheduleType manual, which misses nothing",
        "Remove missedRunPolicy."
      )
    )
  const expiresAt = input.expiresAt === undefined ? null : Date.parse(input.expiresAt)
  if (expiresAt !== null && expiresAt <= now)
    return Result.fail(
      wrongField(
        "expiresAt",
        `is in the past: ${input.expiresAt}`,
        "Use an instant to come, or remove expiresAt."
      )
    )
  return Result.succeed({
    ...defaultPolicy,
    ...(type === "one_time" ? { missedRunPolicy: "catchup" } : {}),
    ...givenRules(input),
    expiresAt
  })
}

/** What a payload defines. Fails with CommandInputError that names the field. `now` is epoch milliseconds. */
export const definitionOf = (
  input: ScheduleInput,
  origin: Origin,
  now: number
): Result.Result<Defined, Problem> =>
  Result.gen(function* () {
    const work = workIn(input)
    const refusal = strayField(work)
    if (refusal !== null) return yield* Result.fail(refusal)
    const timing = yield* timingOf(input, now)
    const policy = yield* policyOf(input, timing, now)
    const { payload, given: variables } = withoutValues(work)
    const { cwd, umask, processLimits, requestId } = origin
    return {
      given: variables,
      definition: {
        title: input.title ?? null,
        work: {
          kind: kindOf(work),
          payload: decodeJson(payload),
          stepCount: stepCountOf(work),
          envKeys: [...new Set(Object.values(variables).flatMap(Object.keys))].toSorted()
        },
        surroundings: {
          environmentKey: requestId,
          cwd,
          umask,
          ...(processLimits === null ? {} : { processLimits })
        },
        timing,
        policy
      }
    }
  })

const isoOf = (instant: number): string => new Date(instant).toISOString()

const timingFieldsOf = (timing: Timing): Payload => {
  switch (timing.type) {
    case "cron":
      return {
        scheduleType: "cron",
        cronExpression: timing.expression,
        timezone: timing.timezone,
        jitterMs: timing.jitterMs
      }
    case "one_time":
      return {
        scheduleType: "one_time",
        scheduledAt: isoOf(timing.scheduledAt),
        jitterMs: timing.jitterMs
      }
    case "manual":
      return { scheduleType: "manual" }
  }
}

/** The payload that a stored schedule stands for, without the values of variables. */
export const payloadOf = ({ title, work, timing, policy }: Schedule): Payload => {
  const { expiresAt, missedRunPolicy, ...rules } = policy
  const given = {
    title,
    ...timingFieldsOf(timing),
    ...(timing.type === "manual" ? {} : { missedRunPolicy }),
    ...rules,
    expiresAt: expiresAt === null ? null : isoOf(expiresAt),
    ...work.payload
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
}
