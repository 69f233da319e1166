/** Logs the changes of each commit at level debug. */
import * as Effect from "effect/Effect"
import { Transitions } from "../commit/Transitions.ts"
import { isDebugLogged, logDebug } from "../life/engineLog.ts"

/** Starts to log commits. */
export const logCommits = Effect.gen(function* () {
  const transitions = yield* Transitions
  const run = Effect.runForkWith(yield* Effect.context<never>())
  transitions.onCommit((commit) => {
    // Some commits only try to fill slots, and change nothing.
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
