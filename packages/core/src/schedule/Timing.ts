/** When a schedule ticks: its type, and what that type needs. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"

/** Ticks by an expression in a zone, once, or never by itself. `jitterMs` delays each tick by a length of its own. */
export const Timing = Schema.Union([
  Schema.Struct({
    type: Schema.tag("cron"),
    expression: Schema.String,
    timezone: Schema.String,
    jitterMs: Schema.Int
  }),
  Schema.Struct({ type: Schema.tag("one_time"), scheduledAt: Instant, jitterMs: Schema.Int }),
  Schema.Struct({ type: Schema.tag("manual") })
])
export type Timing = typeof Timing.Type

/** A tick that is to come, and when it fires: later by its jitter. */
export const Next = Schema.Struct({ tick: Instant, at: Instant })
export type Next = typeof Next.Type

/** Whether a change of one timing into the other changes when the schedule ticks. */
export const isSameTiming = (one: Timing, other: Timing): boolean =>
  JSON.stringify(one) === JSON.stringify(other)
