/** Removes what has ended long ago: when the engine starts, and then once a day while it lives. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../home/Settings.ts"
import { Alarm } from "../time/Alarm.ts"
import { makePrune } from "./prune.ts"

const dayMs = 86_400_000

/** Prunes by `retentionDays` from now on. */
export const keepRetention = Effect.gen(function* () {
  const settings = yield* Settings
  const alarm = yield* Alarm
  const prune = yield* makePrune
  const sweep: Effect.Effect<void> = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* alarm.set("retention", now + dayMs, sweep)
    const { removed } = yield* prune({
      endedBefore: now - settings.current().retentionDays * dayMs,
      statuses: ["completed", "failed", "cancelled"],
      dryRun: false
    })
    if (removed.length > 0) yield* Effect.logInfo(`removed ${removed.length} tasks that ended over retentionDays ago`)
  }).pipe(Effect.catch((error) => Effect.logError(`ended tasks could not be removed: ${error.message}`)))
  yield* sweep
})
