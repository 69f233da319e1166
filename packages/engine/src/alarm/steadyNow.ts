/** The monotonic clock: it is never set, and stops while the machine sleeps. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Milliseconds since an arbitrary moment: only differences within this process have a meaning. */
export const steadyNow: Effect.Effect<number> = Effect.map(
  Clock.monotonicTimeNanos,
  (nanos) => Number(nanos) / 1e6
)
