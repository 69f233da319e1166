/** Applies the configuration file after somebody has edited it. */
import * as Effect from "effect/Effect"
import { Settings } from "../configuration/Settings.ts"
import { logFrom } from "../life/engineLog.ts"
import { Transitions } from "../commit/Transitions.ts"

/**
 * Builds a check of the file, for the beginning of each call. A changed file may give queues more
 * slots.
 */
export const makeApplySettings = Effect.gen(function* () {
  const settings = yield* Settings
  const transitions = yield* Transitions
  let applied = settings.resolved()
  return Effect.suspend(() => {
    const now = settings.resolved()
    if (now === applied) return Effect.void
    logFrom(now.config.logLevel)
    // If filling the slots fails, the next call tries again.
    return Effect.ignore(
      Effect.tap(transitions.fillSlots, () => Effect.sync(() => (applied = now)))
    )
  })
})
