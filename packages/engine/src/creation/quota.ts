/** Limits how many tasks may be live, and how deep they may be nested. */
import { problem } from "@backbeat/contract/Problem"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { Settings } from "../configuration/Settings.ts"
import { once } from "../wiring/once.ts"

/** Builds the limits that keep a runaway agent from filling the machine. */
export const makeQuota = once(
  Effect.gen(function* () {
    const store = yield* TaskStore
    const settings = yield* Settings
    return {
      /** Checks every start. */
      checkDepth: Effect.fnUntraced(function* (depth: number) {
        const { maxDepth } = settings.current()
        if (depth <= maxDepth) return
        const hint = "Start it from outside a task, or raise maxDepth in the configuration."
        const tooDeep = problem(
          "QuotaExceeded",
          `a task cannot be nested more than ${maxDepth} levels deep (maxDepth)`,
          hint,
          { maxDepth }
        )
        // Not retryable: the depth of a caller never changes.
        return yield* Effect.fail({ ...tooDeep, retryable: false })
      }),
      /** Checks what makes one more task live: a new task, and a restart of an ended one. */
      checkLive: Effect.gen(function* () {
        const { maxLive } = settings.current()
        const live = yield* store.liveCount
        if (live < maxLive) return
        const hint = "Wait until some tasks end, stop some, or raise maxLive in the configuration."
        return yield* Effect.fail(
          problem(
            "QuotaExceeded",
            `the limit of ${maxLive} live tasks (maxLive) is reached`,
            hint,
            {
              maxLive,
              live
            }
          )
        )
      })
    }
  })
)
