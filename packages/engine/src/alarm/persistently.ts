/** Retries background work that nobody waits for and that must not stop. */
import * as Effect from "effect/Effect"

const firstPauseMs = 250
const longestPauseMs = 5000

/**
 * Runs the effect until it ends without a defect. Logs a defect, such as no free descriptor
 * (EMFILE), and retries after a pause.
 */
export const persistently = <A>(what: string, effect: Effect.Effect<A>): Effect.Effect<A> => {
  const run = (pauseMs: number): Effect.Effect<A> =>
    Effect.catchDefect(effect, (defect) =>
      Effect.logError(`${what} failed, and is tried again in ${pauseMs} ms`, defect).pipe(
        Effect.andThen(Effect.sleep(pauseMs)),
        Effect.andThen(Effect.suspend(() => run(Math.min(pauseMs * 2, longestPauseMs))))
      )
    )
  return run(firstPauseMs)
}
