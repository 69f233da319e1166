/**
 * Retries admission once a second, while a task is held back. The system has no event for "CPU use
 * is under 80 %" or "memory is free again" of a whole machine. The end of a task is an event, and
 * needs no retry.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { Transitions } from "../commit/Transitions.ts"
import { Alarm } from "../alarm/Alarm.ts"
import { Admission } from "./Admission.ts"
import { shortestMs } from "./CpuMeter.ts"

const retryMs = 1000
/** A little longer than the meter needs, because it uses another clock. */
const measuringMs = shortestMs + 10

/** Reports commits to admission, and retries while a task is held back, until the scope ends. */
export const keepAdmission = Effect.gen(function* () {
  const admission = yield* Admission
  const transitions = yield* Transitions
  const alarm = yield* Alarm
  const run = yield* FiberSet.makeRuntime()
  let isSet = false

  const retry: Effect.Effect<void> = Effect.suspend(() => {
    isSet = false
    return Effect.catch(transitions.fillSlots, (error) =>
      Effect.andThen(
        Effect.logError(`the held back tasks could not be checked: ${error.message}`),
        schedule
      )
    )
  })

  const schedule: Effect.Effect<void> = Effect.suspend(() => {
    const limit = admission.limitedBy()
    isSet = limit !== null
    if (limit === null) return alarm.clear("admission")
    const delayMs = limit.because === "measuring" ? measuringMs : retryMs
    return alarm.after("admission", delayMs, retry)
  })

  transitions.onCommit((committed) => {
    admission.onCommit(committed)
    if ((admission.limitedBy() !== null) !== isSet) run(schedule)
  })
})
