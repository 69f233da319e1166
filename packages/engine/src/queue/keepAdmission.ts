/**
 * Looks again at what is held back: once a second, and only while something is. The system has no event for "CPU use is under 80 %"
 * or "memory is free again" that counts for a whole machine; what ends here is an event, and needs no look.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { Transitions } from "../commit/Transitions.ts"
import { Alarm } from "../alarm/Alarm.ts"
import { Admission } from "./Admission.ts"
import { shortestMs } from "./CpuMeter.ts"

const lookMs = 1000
/** Somewhat longer than the meter needs, whose clock is another. */
const measuringMs = shortestMs + 10

/** Keeps admission informed of what runs, and looks again while something is held back, from now on until the scope ends. */
export const keepAdmission = Effect.gen(function* () {
  const admission = yield* Admission
  const transitions = yield* Transitions
  const alarm = yield* Alarm
  const run = yield* FiberSet.makeRuntime()
  let isSet = false

  const look: Effect.Effect<void> = Effect.suspend(() => {
    isSet = false
    return Effect.catch(transitions.fillSlots, (error) =>
      Effect.andThen(
        Effect.logError(`what is held back could not be looked at: ${error.message}`),
        arrange
      )
    )
  })

  const arrange: Effect.Effect<void> = Effect.suspend(() => {
    const held = admission.held()
    isSet = held !== null
    if (held === null) return alarm.clear("admission")
    const delayMs = held.because === "measuring" ? measuringMs : lookMs
    return alarm.after("admission", delayMs, look)
  })

  transitions.onCommit((committed) => {
    admission.hear(committed)
    if ((admission.held() !== null) !== isSet) run(arrange)
  })
})
