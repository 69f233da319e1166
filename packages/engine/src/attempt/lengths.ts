/** How long attempts last, and how much of a length is left, when the wall clock may have been set meanwhile. */
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { steadyNow } from "../alarm/steadyNow.ts"
import type { MonitoredAttempt } from "./MonitoredAttempts.ts"

/** By how much, in milliseconds, the two clocks may differ before instants say nothing of lengths. */
const agreementMs = 1000

/** How much of the time between two stored instants is left at `now`: never less than nothing, never more than the whole. */
export const leftMs = (from: number, until: number, now: number): number =>
  Math.max(0, Math.min(until - now, until - from))

/** The end of an attempt, with its length where its instants do not tell it. */
export const measured = (
  end: AttemptEnd,
  live: Pick<MonitoredAttempt, "startedAt" | "begun"> | null
): Effect.Effect<AttemptEnd> =>
  Effect.gen(function* () {
    if (live === null || live.startedAt === null || live.begun === null) return end
    const lastedMs = (yield* steadyNow) - live.begun
    const byInstants = (yield* Clock.currentTimeMillis) - live.startedAt
    return Math.abs(byInstants - lastedMs) < agreementMs
      ? end
      : { ...end, lastedMs: Math.round(lastedMs) }
  })
