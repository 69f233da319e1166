/** Runs a schedule by hand, beside its ticks. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import { isAccepted } from "@backbeat/core/schedule/accepts"
import type { Schedule } from "@backbeat/core/schedule/Schedule"
import { tickKey } from "@backbeat/core/schedule/ScheduleId"
import type { Run, Tick } from "@backbeat/core/schedule/Tick"
import { TickStore } from "@backbeat/store/TickStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { FullTx } from "../commit/CommitRules.ts"
import { Transitions } from "../commit/Transitions.ts"
import { makeIdempotent } from "../creation/idempotent.ts"
import type { Origin } from "../creation/Origin.ts"
import { once } from "../wiring/once.ts"
import { makeChangeSchedule } from "./changeSchedule.ts"
import { makeFindSchedule } from "./findSchedule.ts"
import { makeRuns } from "./makeRun.ts"
import { toScheduleProblem, refusedSchedule } from "./problems.ts"
import { makeStopRuns } from "./stopRuns.ts"

/** An earlier run is in the way. */
const inTheWay = ({ id }: Schedule, runId: string): Problem =>
  problem(
    "IllegalTransition",
    `schedule ${id} has the run ${runId}, which has not ended (overlap skip)`,
    "Wait for it, stop it, or update the schedule with another overlap.",
    { id, runId }
  )

const part = "tick"

/** Triggers in a transaction, and gives the row; made once. */
const makeTriggerIn = Effect.gen(function* () {
  const ticks = yield* TickStore
  const change = yield* makeChangeSchedule
  const runs = yield* makeRuns
  const { stop } = yield* makeStopRuns

  /** An instant that no other run by hand has. */
  const freeInstant = Effect.fnUntraced(function* (id: string, now: number) {
    for (let tick = now; ; tick++) {
      if ((yield* ticks.find(id, tickKey(id, { tick, manual: true }))) === null) return tick
    }
  })

  const rowOf = Effect.fnUntraced(function* (id: string, key: string) {
    const row = yield* ticks.find(id, key)
    return row ?? (yield* Effect.die(new Error(`the tick ${key} of ${id} has no row`)))
  })

  const triggerIn = Effect.fnUntraced(function* (
    tx: FullTx,
    schedule: Schedule,
    { origin, takeBacks }: { readonly origin: Origin; readonly takeBacks: Array<() => void> }
  ) {
    const { id, state, policy } = schedule
    if (!isAccepted(state.status, "Trigger"))
      return yield* Effect.fail(
        refusedSchedule({
          _tag: "ScheduleRefusal",
          reason: "status",
          id,
          status: state.status,
          revision: schedule.revision,
          command: "Trigger"
        })
      )
    const running = (yield* ticks.running(id)).flatMap(({ run }) => run ?? [])
    const tick = yield* freeInstant(id, tx.now)
    const [first] = running
    const waits =
      first !== undefined && (policy.overlap === "queue" || policy.overlap === "replace")
    if (first !== undefined && policy.overlap !== "allow" && (!waits || state.status !== "active"))
      return yield* Effect.fail(inTheWay(schedule, first.id))
    let run: Run | null = null
    if (waits) {
      if (policy.overlap === "replace")
        yield* stop(tx, running, {
          by: origin.actor,
          reason: `replaced by the next run of schedule ${id}`
        })
    } else {
      run = yield* Effect.flatMap(
        runs.make(tx, schedule, {
          tick: { tick, manual: true },
          actor: origin.actor,
          takeBacks
        }),
        Effect.fromResult
      )
    }
    yield* change(tx, schedule, { type: "Trigger", tick, run }, origin.actor)
    return yield* rowOf(id, tickKey(id, { tick, manual: true }))
  })

  return { triggerIn, rowOf }
})

/** Triggers; made once. Gives the tick, and its run if that has begun. */
export const makeTrigger = once(
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const find = yield* makeFindSchedule
    const idempotent = yield* makeIdempotent
    const { triggerIn, rowOf } = yield* makeTriggerIn

    return (id: string, origin: Origin): Effect.Effect<Tick, Problem> =>
      Effect.suspend(() => {
        const takeBacks: Array<() => void> = []
        return transitions
          .commit((tx) =>
            idempotent(tx, origin, ({ before, note }) =>
              Effect.gen(function* () {
                const schedule = yield* find(id)
                const noted = before.get(part)
                if (noted !== undefined) return yield* rowOf(id, noted.id)
                const row = yield* triggerIn(tx, schedule, { origin, takeBacks })
                note(part, { id: row.key, attempt: 1 })
                return row
              })
            )
          )
          .pipe(
            Effect.onExit((exit) =>
              Effect.sync(() => {
                if (!Exit.isSuccess(exit)) for (const each of takeBacks.toReversed()) each()
              })
            ),
            Effect.mapError(toScheduleProblem)
          )
      })
  })
)
