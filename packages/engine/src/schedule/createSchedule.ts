/** Makes schedules, or puts another in the place of one that has the id. */
import { makeScheduleId } from "@backbeat/core/schedule/ScheduleId"
import type { ScheduleInput } from "@backbeat/contract/operation/scheduleInput"
import type { Problem } from "@backbeat/contract/Problem"
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { countFrom } from "@backbeat/core/schedule/decide"
import { type Schedule, ScheduleStatus } from "@backbeat/core/schedule/Schedule"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { FullTx } from "../commit/CommitRules.ts"
import { Transitions } from "../commit/Transitions.ts"
import { writeStored } from "../creation/storeEnvironment.ts"
import { makeIdempotent, createdButRemoved } from "../creation/idempotent.ts"
import { makeFreeIds } from "../creation/freeIds.ts"
import { type Origin, ownerOf } from "../creation/Origin.ts"
import { makeQuota } from "../creation/quota.ts"
import { Home } from "../home/Home.ts"
import { clearScheduleEnvironments, saveScheduleEnvironment } from "../home/ScheduleEnvironment.ts"
import { once } from "../wiring/once.ts"
import { makeChangeSchedule } from "./changeSchedule.ts"
import { makeCheckDefinition, schedulesAtMost, tooManySchedules } from "./checkDefinition.ts"
import { type Defined, definitionOf } from "./definitionOf.ts"
import { differences, makeFindExisting, makeOtherWarnings } from "./existingSchedule.ts"
import { toScheduleProblem } from "./problems.ts"

/** What a call has made, or found. */
export interface Made {
  readonly schedule: Schedule
  /** The fields in which the payload differs from a schedule that was there; null when it was made. */
  readonly differs: ReadonlyArray<string> | null
  readonly warnings: ReadonlyArray<string>
}

/** A payload on its way. */
interface Asked {
  readonly input: ScheduleInput
  readonly origin: Origin
  readonly defined: Defined
}

const part = "schedule"

/** Stores a new schedule in a transaction, or another in the place of one; made once. */
const makeStore = Effect.gen(function* () {
  const { root } = yield* Home
  const aggregates = yield* AggregateStore
  const change = yield* makeChangeSchedule
  const check = yield* makeCheckDefinition
  const quota = yield* makeQuota
  const { freeIdOf } = yield* makeFreeIds

  const checkCount = Effect.gen(function* () {
    const { total } = yield* aggregates.list(
      scheduleAggregate,
      { status: ScheduleStatus.literals },
      { limit: 1 }
    )
    if (total >= schedulesAtMost) return yield* Effect.fail(tooManySchedules)
  })

  return Effect.fnUntraced(function* (
    tx: FullTx,
    { input, origin, defined }: Asked,
    existing: Schedule | null
  ) {
    const { definition, given } = defined
    yield* quota.checkDepth(origin.owner.depth)
    if (existing === null) yield* checkCount
    const id = input.id ?? (yield* freeIdOf(makeScheduleId, origin))
    const owner = ownerOf(origin, 0)
    const environment = { inherited: origin.environment, given }
    yield* check(tx, { id, definition, owner, environment })
    const key = definition.surroundings.environmentKey
    yield* writeStored(id, () => saveScheduleEnvironment(root, { id, key }, environment))
    const paused = input.paused === true
    if (existing !== null)
      return yield* change(
        tx,
        existing,
        { type: "Replace", definition, owner, paused },
        origin.actor
      )
    const counting = countFrom(id, definition, tx.now)
    return yield* tx
      .of(scheduleAggregate)
      .create(id, { type: "schedule.created", definition, owner, paused, counting }, origin.actor)
  })
})

/** Makes schedules; made once. Of one that is refused nothing is left. */
export const makeScheduleCreation = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const aggregates = yield* AggregateStore
    const transitions = yield* Transitions
    const idempotent = yield* makeIdempotent
    const findExisting = yield* makeFindExisting
    const otherWarnings = yield* makeOtherWarnings
    const store = yield* makeStore

    /** The schedule that the call has made before, whatever has become of it. */
    const madeBefore = Effect.fnUntraced(function* (id: string) {
      const schedule = yield* aggregates.find(scheduleAggregate, id)
      return schedule === null
        ? yield* Effect.fail(createdButRemoved("schedule", id))
        : ({ schedule, differs: null, warnings: [] } satisfies Made)
    })

    const make = Effect.fnUntraced(function* (tx: FullTx, asked: Asked) {
      const existing = yield* findExisting(asked.input)
      if (existing !== null && asked.input.ifExists === "return")
        return {
          schedule: existing,
          differs: differences(existing, asked.defined),
          warnings: []
        } satisfies Made
      const schedule = yield* store(tx, asked, existing)
      return { schedule, differs: null, warnings: yield* otherWarnings(schedule) } satisfies Made
    })

    const makeOne = (tx: FullTx, asked: Asked) =>
      idempotent(tx, asked.origin, ({ before, note }) =>
        Effect.gen(function* () {
          const noted = before.get(part)
          if (noted !== undefined) return yield* madeBefore(noted.id)
          const made = yield* make(tx, asked)
          note(part, { id: made.schedule.id, attempt: 1 })
          return made
        })
      )

    /** Removes what was kept for a schedule that was not stored. */
    const clearRefused = Effect.fnUntraced(function* (id: string) {
      const found = yield* Effect.option(aggregates.find(scheduleAggregate, id))
      if (found._tag === "None") return
      clearScheduleEnvironments(root, id, found.value?.surroundings.environmentKey ?? null)
    })

    return (input: ScheduleInput, origin: Origin): Effect.Effect<Made, Problem> =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const defined = yield* Effect.fromResult(definitionOf(input, origin, now))
        const made = yield* transitions
          .commit((tx) => makeOne(tx, { input, origin, defined }))
          .pipe(
            Effect.onExit((exit) =>
              Exit.isSuccess(exit) || input.id === undefined ? Effect.void : clearRefused(input.id)
            )
          )
        const { id, surroundings } = made.schedule
        clearScheduleEnvironments(root, id, surroundings.environmentKey)
        return made
      }).pipe(Effect.mapError(toScheduleProblem))
  })
)
