/** Starts what a configuration that somebody changed in its file has room for. */
import * as Effect from "effect/Effect"
import { Settings } from "../configuration/Settings.ts"
import { logFrom } from "../life/engineLog.ts"
import { Transitions } from "../commit/Transitions.ts"

/** Gives the look at the file that each call takes, before what it tells of queues; made once. */
export const makeNoticeSettings = Effect.gen(function* () {
  const settings = yield* Settings
  const transitions = yield* Transitions
  let known = settings.resolved()
  return Effect.suspend(() => {
    const now = settings.resolved()
    if (now === known) return Effect.void
    logFrom(now.config.logLevel)
    // A queue may have more slots now. What fails is done again by the next call.
    return Effect.ignore(Effect.tap(transitions.fillSlots, () => Effect.sync(() => (known = now))))
  })
})
