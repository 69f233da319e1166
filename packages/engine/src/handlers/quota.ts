/** How many tasks may live, and how deep they may be nested. */
import { problem } from "@backbeat/contract/Problem"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { Settings } from "../home/Settings.ts"

/** The limits that keep a runaway agent from filling the machine. */
export const makeQuota = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings
  return {
    /** For whatever is started. */
    checkDepth: Effect.fnUntraced(function* (depth: number) {
      const { maxDepth } = settings.current()
      if (depth <= maxDepth) return
      const hint = "Start it from outside of a task, or raise maxDepth in the configuration."
      const tooDeep = problem(
        "QuotaExceeded",
        `tasks are nested more than ${maxDepth} deep`,
        hint,
        { maxDepth }
      )
      // Tasks end, but a place in the nesting stays what it is.
      return yield* Effect.fail({ ...tooDeep, retryable: false })
    }),
    /** For what makes one more task live: a new one, and one that has ended. */
    checkLive: Effect.gen(function* () {
      const { maxLive } = settings.current()
      const live = yield* store.liveCount
      if (live < maxLive) return
      const hint = "Wait for some to end, stop some, or raise maxLive in the configuration."
      return yield* Effect.fail(
        problem(
          "QuotaExceeded",
          live === 1 ? "1 task lives already" : `${live} tasks live already`,
          hint,
          { maxLive, live }
        )
      )
    })
  }
})
