/**
 * Removes tasks that ended long ago, and files that killed calls left: when the engine starts, and
 * then once a day.
 */
import { RequestStore } from "@backbeat/store/RequestStore"
import { SessionStore } from "@backbeat/store/SessionStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../configuration/Settings.ts"
import { Alarm } from "../alarm/Alarm.ts"
import { makeClearLeftOvers } from "./clearLeftOvers.ts"
import { dayMs, makePrune } from "./prune.ts"

/**
 * How many days the results of calls are kept at least: a waiting call may be sent again as long as
 * it waits.
 */
const requestDays = 30

/** Removes other things that ended before an instant (epoch ms). */
type Forget = (endedBefore: number) => Effect.Effect<void, StoreError>

/** Prunes by `retentionDays` in the background, from now on; `others` run behind it. */
export const keepRetention = Effect.fnUntraced(function* (others: ReadonlyArray<Forget>) {
  const settings = yield* Settings
  const alarm = yield* Alarm
  const requests = yield* RequestStore
  const sessions = yield* SessionStore
  const prune = yield* makePrune
  const clearLeftOvers = yield* makeClearLeftOvers
  const sweep: Effect.Effect<void> = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* alarm.after("retention", dayMs, sweep)
    const endedBefore = now - settings.current().retentionDays * dayMs
    yield* requests.forget(now - Math.max(settings.current().retentionDays, requestDays) * dayMs)
    yield* sessions.forget(endedBefore)
    const { removed } = yield* prune({
      endedBefore,
      statuses: ["completed", "failed", "cancelled"],
      dryRun: false
    })
    for (const forget of others) yield* forget(endedBefore)
    if (removed.length > 0)
      yield* Effect.logInfo(`removed ${removed.length} tasks that ended over retentionDays ago`)
    const freedBytes = yield* clearLeftOvers(endedBefore)
    if (freedBytes > 0) yield* Effect.logInfo(`removed ${freedBytes} bytes that no task has`)
  }).pipe(
    Effect.catch((error) => Effect.logError(`ended tasks could not be removed: ${error.message}`))
  )
  yield* Effect.forkScoped(
    Effect.catchDefect(sweep, (defect) =>
      Effect.logError("ended tasks could not be removed", defect)
    )
  )
})
