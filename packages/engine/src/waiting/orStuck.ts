/** Fails the wait for a stop that cannot finish, and reports the processes that it cannot end. */
import { callOf, sentence } from "@backbeat/contract/Text"
import { type Problem, problem } from "@backbeat/contract/Problem"
import * as Effect from "effect/Effect"
import type { StuckProcess } from "../process/stuck.ts"
import { Stops } from "../attempt/Stops.ts"
import { once } from "../wiring/once.ts"

const hint = sentence`End these processes as their user. The task is stopping until they are gone; ${callOf("why")} lists them.`

/** The problem of a stop that cannot end some processes. */
export const stopIncomplete = (id: string, left: ReadonlyArray<StuckProcess>): Problem =>
  problem(
    "StopIncomplete",
    `task ${id} is not stopped: ${left.length === 1 ? "a process" : `${left.length} processes`} cannot be ended (${left.map(({ pid, user }) => `${pid} of ${user}`).join(", ")})`,
    hint,
    { id, left }
  )

/**
 * Builds a function that waits, but fails with StopIncomplete if the stop of one of the tasks
 * cannot end some of its processes.
 */
export const makeOrStuck = once(
  Effect.map(
    Stops,
    ({ awaitStuck }) =>
      <A, E>(
        ids: ReadonlyArray<string>,
        waiting: Effect.Effect<A, E>
      ): Effect.Effect<A, E | Problem> =>
        Effect.raceFirst(
          waiting,
          Effect.flatMap(awaitStuck(ids), ({ id, left }) => Effect.fail(stopIncomplete(id, left)))
        )
  )
)
