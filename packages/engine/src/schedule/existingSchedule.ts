/** What becomes of a payload whose id is taken, and what its answer says of others. */
import type { ScheduleInput } from "@backbeat/contract/operation/scheduleInput"
import { type Problem, problem, withChange } from "@backbeat/contract/Problem"
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import type { Schedule } from "@backbeat/core/schedule/Schedule"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { IdStore } from "@backbeat/store/IdStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import { idIsTaken } from "../creation/takenId.ts"
import { once } from "../wiring/once.ts"
import { type Defined, payloadOf } from "./definitionOf.ts"

const exists = ({ id, state: { status } }: Schedule): Problem =>
  withChange(
    problem(
      "IllegalTransition",
      `id: schedule ${id} exists and is ${status}`,
      'Use another id, update it, or set "ifExists": "replace" to replace it and keep its history.',
      { path: "id", id, status }
    ),
    { ifExists: "return" }
  )

const hasEnded = ({ state: { status } }: Schedule): boolean =>
  status !== "active" && status !== "paused"

/** Whether a payload takes the place of the schedule that has its id. */
const replaces = ({ ifExists }: ScheduleInput, existing: Schedule): boolean =>
  ifExists === "replace" || (ifExists === undefined && hasEnded(existing))

/** The fields in which a payload differs from an existing schedule. */
export const differences = (existing: Schedule, { definition }: Defined): ReadonlyArray<string> => {
  const own = payloadOf(existing)
  const other = payloadOf({ ...existing, ...definition })
  return [...new Set([...Object.keys(own), ...Object.keys(other)])].filter(
    (name) => JSON.stringify(own[name]) !== JSON.stringify(other[name])
  )
}

/** Finds the schedule that has the id of a payload; made once. Fails with the Problem of an id that stays what it is. */
export const makeFindExisting = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const ids = yield* IdStore
    return Effect.fnUntraced(function* (input: ScheduleInput) {
      const { id } = input
      const kind = id === undefined ? null : yield* ids.kindOf(id)
      if (id === undefined || kind === null) return null
      const existing = kind === "schedule" ? yield* aggregates.find(scheduleAggregate, id) : null
      if (existing === null) return yield* Effect.fail(idIsTaken(id, kind))
      return input.ifExists === "return" || replaces(input, existing)
        ? existing
        : yield* Effect.fail(exists(existing))
    })
  })
)

const keyOf = ({ timing, work, surroundings }: Schedule): string =>
  JSON.stringify([timing, work.kind, work.payload, surroundings.cwd])

/** Among so many of the newest another one is looked for that does the same. */
const comparedCount = 100

/** What is to be said of others beside a schedule that was made; made once. */
export const makeOtherWarnings = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const ticks = yield* TickStore
    return Effect.fnUntraced(function* (made: Schedule) {
      const running = yield* ticks.running(made.id)
      const { states } = yield* aggregates.list(
        scheduleAggregate,
        { status: ["active", "paused"] },
        { limit: comparedCount }
      )
      const key = keyOf(made)
      return [
        ...running.flatMap(({ run }) =>
          run === null
            ? []
            : [`run ${run.id} of the schedule before has not ended; it counts for overlap`]
        ),
        ...states.flatMap((each) =>
          each.id !== made.id && keyOf(each) === key
            ? [
                `schedule ${each.id} does the same at the same times; to use it, give its id and "ifExists": "return"`
              ]
            : []
        )
      ]
    })
  })
)
