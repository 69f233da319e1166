/** Checks a definition against everything else: the schedule that it follows, and what would refuse its first run. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { countFrom } from "@backbeat/core/schedule/decide"
import { created } from "@backbeat/core/schedule/evolve"
import { type Definition, type Schedule, ScheduleStatus } from "@backbeat/core/schedule/Schedule"
import type { Owner } from "@backbeat/core/identity/Owner"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import { Database } from "@backbeat/store/Database"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { wrongField } from "../call/wrongField.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import type { ScheduleEnvironment } from "../home/ScheduleEnvironment.ts"
import { once } from "../wiring/once.ts"
import { makeRuns, schedule as bySchedule } from "./makeRun.ts"
import { scheduleNotFound } from "./problems.ts"

/** What is checked: it is not stored yet. */
export interface Candidate {
  readonly id: string
  readonly definition: Definition
  readonly owner: Owner
  readonly environment: ScheduleEnvironment
}

/** The schedule that a candidate would be. */
export const scheduleOf = ({ id, definition, owner }: Candidate, now: number): Schedule =>
  created(
    id,
    {
      type: "schedule.created",
      definition,
      owner,
      paused: false,
      counting: countFrom(id, definition, now)
    },
    { at: now, actor: bySchedule }
  )

const followedAtMost = 100

/** Checks; made once. Fails with the Problem that the caller gets. */
export const makeCheckDefinition = once(
  Effect.gen(function* () {
    const aggregates = yield* AggregateStore
    const database = yield* Database
    const { rehearse } = yield* makeRuns

    /** What is followed must exist and not lead back. */
    const checkFollowed = Effect.fnUntraced(function* ({ id, definition }: Candidate) {
      const ring: Array<string> = [id]
      for (let next = definition.policy.afterScheduleId; next !== null;) {
        if (ring.includes(next))
          return yield* Effect.fail(
            wrongField(
              "afterScheduleId",
              next === id && ring.length === 1
                ? "a schedule cannot follow itself"
                : `the schedules follow each other in a ring: ${[...ring, next].join(", ")}`,
              "Name another schedule, or remove afterScheduleId."
            )
          )
        const found = yield* aggregates.find(scheduleAggregate, next)
        if (found === null) {
          const { states } = yield* aggregates.list(
            scheduleAggregate,
            { status: ScheduleStatus.literals },
            { limit: followedAtMost }
          )
          const missing = scheduleNotFound(
            next,
            states.map((each) => each.id)
          )
          return yield* Effect.fail({
            ...missing,
            message: `afterScheduleId: ${missing.message}`,
            details: { ...missing.details, path: "afterScheduleId" }
          })
        }
        ring.push(next)
        next = found.policy.afterScheduleId
      }
    })

    /** Plays the first run and takes it back. */
    const checkRun = (
      tx: FullTx,
      candidate: Candidate
    ): Effect.Effect<void, Problem | StoreError> => {
      const played = Effect.exit(rehearse(tx, scheduleOf(candidate, tx.now), candidate.environment))
      return Effect.flatMap(
        Effect.flip(database.transact(Effect.flatMap(played, (exit) => Effect.fail({ exit })))),
        (outcome): Effect.Effect<void, Problem | StoreError> => {
          if (!("exit" in outcome)) return Effect.fail(outcome)
          return Exit.isSuccess(outcome.exit) ? Effect.void : Effect.asVoid(outcome.exit)
        }
      )
    }

    return Effect.fnUntraced(function* (tx: FullTx, candidate: Candidate) {
      yield* checkFollowed(candidate)
      yield* checkRun(tx, candidate)
    })
  })
)

/** The most schedules of a home. */
export const schedulesAtMost = 10_000

/** There are as many schedules as there may be. */
export const tooManySchedules: Problem = {
  ...problem(
    "QuotaExceeded",
    `the limit of ${schedulesAtMost} schedules is reached`,
    "Delete schedules that have ended.",
    { limit: schedulesAtMost }
  ),
  retryable: false
}
