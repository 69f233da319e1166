/** Says in the log, for those who look for a fault, what each commit has changed. */
import * as Effect from "effect/Effect"
import { Transitions } from "../commit/Transitions.ts"
import { isDebugLogged, logDebug } from "../life/engineLog.ts"

/** Begins to say it. */
export const logCommits = Effect.gen(function* () {
  const transitions = yield* Transitions
  const run = Effect.runForkWith(yield* Effect.context<never>())
  transitions.onCommit((commit) => {
    // Some only fill the free slots, and find none.
    if (commit.length === 0 || !isDebugLogged()) return
    const [only, ...more] = new Set(commit.map(({ task }) => task.id))
    const about = only === undefined || more.length > 0 ? {} : { task: only }
    run(
      logDebug(
        () =>
          `committed ${commit.map(({ task, recorded }) => `${recorded.event.type} ${task.id}`).join(", ")}`,
        about
      )
    )
  })
})
