/** Answers `schedule create`, `get`, `list`, `update` and `examples`. */
import * as operations from "@backbeat/contract/operation/schedule"
import { scheduleExamples } from "@backbeat/contract/operation/scheduleCalendar"
import type { ScheduleInput } from "@backbeat/contract/operation/scheduleInput"
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import { callOf, firstOf, sentence } from "@backbeat/contract/Text"
import type { Input } from "@backbeat/contract/table"
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { type Schedule, ScheduleStatus } from "@backbeat/core/schedule/Schedule"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type Call, handle, type Handler, toProblem } from "../call/Call.ts"
import { CallerSurface } from "../call/written.ts"
import { wrongField } from "../call/wrongField.ts"
import { makeOriginOf } from "../creation/originOf.ts"
import { inheritanceWarnings } from "../process/inheritance.ts"
import { makeScheduleCreation } from "../schedule/createSchedule.ts"
import { exampleSchedules } from "../schedule/exampleSchedules.ts"
import { makeFindSchedule } from "../schedule/findSchedule.ts"
import { timingWarnings } from "../schedule/reading.ts"
import { makeScheduleUpdate } from "../schedule/updateSchedule.ts"
import { Idleness } from "../supervisor/Idleness.ts"
import { isCursor, totalOf } from "../view/paging.ts"
import { makeScheduleView } from "../view/ScheduleView.ts"

const withWarnings = (warnings: ReadonlyArray<string>) =>
  warnings.length === 0 ? {} : { warnings }

/** Whoever writes an expression without a zone may mean the own one. */
const zoneWarnings = (
  { cronExpression, scheduledAt, timezone }: ScheduleInput,
  { flags: { zone } }: Call
): ReadonlyArray<string> => {
  const isLocal =
    cronExpression !== undefined ||
    (scheduledAt !== undefined && !/Z|[+-]\d\d:\d\d$/u.test(scheduledAt))
  return timezone !== undefined || !isLocal || zone === undefined || zone === "UTC"
    ? []
    : [`the times are in UTC; for yours add "timezone": "${zone}"`]
}

/** Whoever wants ticks at night must know that a reboot ends them. */
const serviceWarnings = ({ timing }: Schedule, surface: Surface): ReadonlyArray<string> => {
  if (timing.type === "manual") return []
  const warning = "no service keeps this engine: after a reboot nothing fires until a call"
  return [
    writeHint(
      firstOf(sentence`${warning}; ${callOf("service install")} changes that`, warning),
      surface
    )
  ]
}

const makeCreateHandler = Effect.gen(function* () {
  const { exits } = yield* Idleness
  const create = yield* makeScheduleCreation
  const originOf = yield* makeOriginOf
  const { show } = yield* makeScheduleView
  return handle(operations.scheduleCreate, (input, call: Call) =>
    Effect.gen(function* () {
      const made = yield* create(input, yield* originOf(call))
      const { schedule, differs } = made
      const found =
        differs === null ? {} : { existing: true, ...(differs.length === 0 ? {} : { differs }) }
      return {
        schedule: yield* show(schedule),
        ...found,
        ...withWarnings([
          ...zoneWarnings(input, call),
          ...timingWarnings(schedule.timing),
          ...made.warnings,
          ...(exits ? serviceWarnings(schedule, yield* CallerSurface) : []),
          ...inheritanceWarnings(call.caller, yield* CallerSurface)
        ])
      }
    })
  )
})

const invalidCursor = wrongField("after", "invalid cursor", "Use `next` of an earlier answer.")

const makeGetHandler = Effect.gen(function* () {
  const find = yield* makeFindSchedule
  const store = yield* TickStore
  const { show, ticks } = yield* makeScheduleView
  return handle(operations.scheduleGet, ({ id, history, limit, after }: Input<"schedule get">) =>
    Effect.gen(function* () {
      if (after !== undefined && !isCursor(after)) return yield* Effect.fail(invalidCursor)
      const schedule = yield* show(yield* find(id))
      if (history !== true) return { schedule }
      const page = yield* Effect.mapError(
        store.history(id, { limit: limit ?? 20, after }),
        toProblem
      )
      return { schedule, history: yield* ticks(page.ticks, false), next: page.next }
    })
  )
})

const makeListHandler = Effect.gen(function* () {
  const store = yield* AggregateStore
  const { briefs } = yield* makeScheduleView
  return handle(operations.scheduleList, ({ status, limit, after }: Input<"schedule list">) =>
    Effect.gen(function* () {
      if (after !== undefined && !isCursor(after)) return yield* Effect.fail(invalidCursor)
      const page = yield* Effect.mapError(
        store.list(
          scheduleAggregate,
          { status: typeof status === "string" ? [status] : (status ?? ScheduleStatus.literals) },
          { limit: limit ?? 50, after }
        ),
        toProblem
      )
      return { ...totalOf(page), schedules: yield* briefs(page.states), next: page.next }
    })
  )
})

const makeUpdateHandler = Effect.gen(function* () {
  const update = yield* makeScheduleUpdate
  const originOf = yield* makeOriginOf
  const { show } = yield* makeScheduleView
  return handle(operations.scheduleUpdate, (input, call: Call) =>
    Effect.gen(function* () {
      const schedule = yield* update(input, yield* originOf(call))
      return { schedule: yield* show(schedule), ...withWarnings(timingWarnings(schedule.timing)) }
    })
  )
})

const makeExamplesHandler = Effect.gen(function* () {
  const create = yield* makeScheduleCreation
  const originOf = yield* makeOriginOf
  const { briefs } = yield* makeScheduleView
  return handle(scheduleExamples, (_, call: Call) =>
    Effect.gen(function* () {
      const origin = yield* originOf(call)
      const now = yield* Clock.currentTimeMillis
      const made = yield* Effect.forEach(exampleSchedules(now), (input, index) =>
        create(input, { ...origin, requestId: `${origin.requestId}-${index}` })
      )
      return { schedules: yield* briefs(made.map(({ schedule }) => schedule)) }
    })
  )
})

/** The handlers that make, show and change schedules. */
export const makeScheduleHandlers = Effect.map(
  Effect.all([
    makeCreateHandler,
    makeGetHandler,
    makeListHandler,
    makeUpdateHandler,
    makeExamplesHandler
  ]),
  (handlers): ReadonlyArray<Handler> => handlers
)
