/**
 * Gives memory back once an engine rests. The runtime by itself would look for garbage every second, whatever happens: whoever starts
 * an engine forbids it that.
 */
import * as Effect from "effect/Effect"
import { Alarm } from "../alarm/Alarm.ts"
import { steadyMs } from "../system/time.ts"
import { dropCodePages } from "./dropCodePages.ts"

/** How long, in milliseconds, nothing has happened at each collection. What the first one lets go of is free after the second. */
const restsMs = [3000, 6000]

/**
 * Gives back garbage, and the pages of the program's own code. Not what the runtime has compiled, as `Bun.shrink` would: to compile it again costs
 * the next two hundred short tasks as much CPU as they need for themselves, and saves some 20 MB.
 */
export const freeMemory = Effect.sync(() => {
  Bun.gc(true)
  dropCodePages()
})

/** The returned function says that something happens; `collect` runs when nothing has for a while, `now` is in milliseconds. */
export const trimMemoryWhenIdle = (collect: Effect.Effect<void>, now = () => steadyMs()) =>
  Effect.gen(function* () {
    const alarm = yield* Alarm
    const run = Effect.runForkWith(yield* Effect.context<never>())
    let activeAt = now()
    let collected = restsMs.length

    const restedMs = () => now() - activeAt
    const rest: Effect.Effect<void> = Effect.suspend(() => {
      if (restedMs() < (restsMs[collected] ?? 0)) return awaitRest
      collected++
      return Effect.andThen(collect, awaitRest)
    })
    const awaitRest = Effect.suspend(() => {
      const next = restsMs[collected]
      return next === undefined ? Effect.void : alarm.after("rest", next - restedMs(), rest)
    })

    return (): void => {
      const isAwaited = collected === 0
      activeAt = now()
      collected = 0
      if (!isAwaited) run(awaitRest)
    }
  })
