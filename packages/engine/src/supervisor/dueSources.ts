/** The kinds of aggregates that become due by time, one line each. */
import { loopAggregate } from "@backbeat/core/loop/aggregate"
import type { LoopCommand } from "@backbeat/core/loop/LoopCommand"
import * as Effect from "effect/Effect"
import { careFor, commandWhenDue } from "./keepAggregatesDue.ts"

/** Loaded when a schedule is due, so that the engine starts fast. */
const loadSchedules = Effect.flatMap(
  Effect.promise(() => import("../schedule/fireTicks.ts")),
  ({ makeFireTicks }) => makeFireTicks
)

/** From the table of aggregates. Tasks have their own alarm entries. */
export const dueSources = [
  // Each is loaded when it is needed.
  { kind: "schedule", load: loadSchedules },
  {
    ...commandWhenDue(loopAggregate, { type: "Ring" }),
    ...careFor(loopAggregate, {
      // A paused loop waits for a caller, who starts an engine.
      busy: ["running", "pausing", "stopping"],
      live: ["running", "pausing", "paused", "stopping"],
      disown: (reason): LoopCommand => ({ type: "GiveUp", reason })
    })
  }
] as const
