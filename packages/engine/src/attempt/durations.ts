/**
 * Durations of attempts, and how much of a limit is left, although the wall clock may have been set
 * meanwhile.
 */
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { steadyNow } from "../alarm/steadyNow.ts"
import type { MonitoredAttempt } from "./MonitoredAttempts.ts"

/**
 * How much (ms) the wall clock and the monotonic clock may differ before durations are not computed
 * from instants.
 */
const toleranceMs = 1000

/**
 * How much of the time between two stored instants is left at `now`: at least 0, at most all of it.
 */
export const leftMs = (from: number, until: number, now: number): number =>
  Math.max(0, Math.min(until - now, until - from))

/** The end of an attempt, with its measured duration if its instants would give a wrong one. */
export const measured = (
  end: AttemptEnd,
  live: Pick<MonitoredAttempt, "startedAt" | "startedMonotonicMs"> | null
): Effect.Effect<AttemptEnd> =>
  Effect.gen(function* () {
    if (live === null || live.startedAt === null || live.startedMonotonicMs === null) return end
    const lastedMs = (yield* steadyNow) - live.startedMonotonicMs
    const byInstants = (yield* Clock.currentTimeMillis) - live.startedAt
    return Math.abs(byInstants - lastedMs) < toleranceMs
      ? end
      : { ...end, lastedMs: Math.round(lastedMs) }
  })
