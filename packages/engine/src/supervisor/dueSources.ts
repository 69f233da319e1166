/** The kinds of aggregates that become due by time, one line each. */
import * as Effect from "effect/Effect"

/** Loaded when a schedule is due, so that the engine starts fast. */
const loadSchedules = Effect.flatMap(
  Effect.promise(() => import("../schedule/fireTicks.ts")),
  ({ makeFireTicks }) => makeFireTicks
)

/** From the table of aggregates. Tasks have their own alarm entries. */
export const dueSources = [
  // Each is loaded when it is needed.
  { kind: "schedule", load: loadSchedules }
] as const
