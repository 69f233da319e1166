/**
 * Frees memory when the engine is idle. The runtime's own garbage collection timer is disabled by
 * the caller, because it would run every second.
 */
import * as Effect from "effect/Effect"
import { Alarm } from "../alarm/Alarm.ts"
import { steadyMs } from "../system/time.ts"
import { dropCodePages } from "./dropCodePages.ts"

/**
 * The idle times (ms) after which memory is freed. What the first collection releases is free after
 * the second.
 */
const idleMs = [3000, 6000]

/**
 * Frees garbage, and the pages of the program's own code. Keeps compiled code, unlike `Bun.shrink`:
 * compiling it again would cost the next two hundred short tasks as much CPU as they need
 * themselves, and saves only 20 MB.
 */
export const freeMemory = Effect.sync(() => {
  Bun.gc(true)
  dropCodePages()
})

/**
 * Returns a function to call at each activity. `collect` runs when there was none for a while;
 * `now` is in milliseconds.
 */
export const trimMemoryWhenIdle = (collect: Effect.Effect<void>, now = () => steadyMs()) =>
  Effect.gen(function* () {
    const alarm = yield* Alarm
    const run = Effect.runForkWith(yield* Effect.context<never>())
    let activeAt = now()
    let collected = idleMs.length

    const idleForMs = () => now() - activeAt
    const collectWhenIdle: Effect.Effect<void> = Effect.suspend(() => {
      if (idleForMs() < (idleMs[collected] ?? 0)) return schedule
      collected++
      return Effect.andThen(collect, schedule)
    })
    const schedule = Effect.suspend(() => {
      const next = idleMs[collected]
      return next === undefined
        ? Effect.void
        : alarm.after("rest", next - idleForMs(), collectWhenIdle)
    })

    return (): void => {
      const isAwaited = collected === 0
      activeAt = now()
      collected = 0
      if (!isAwaited) run(schedule)
    }
  })
