/** The monotonic clock: nobody sets it, and it stands still while the machine sleeps. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Milliseconds since some moment: only differences within this process mean something. */
export const steadyNow: Effect.Effect<number> = Effect.map(
  Clock.monotonicTimeNanos,
  (nanos) => Number(nanos) / 1e6
)
