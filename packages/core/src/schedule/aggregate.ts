/** The schedule as an aggregate. */
import type { Aggregate } from "../history/Aggregate.ts"
import { ownerKey } from "../identity/Owner.ts"
import { decide, type ScheduleRefusal } from "./decide.ts"
import { created, evolve } from "./evolve.ts"
import { type ActiveState, Schedule } from "./Schedule.ts"
import type { ScheduleCommand } from "./ScheduleCommand.ts"
import type { ScheduleEvent } from "./ScheduleEvent.ts"

type Created = Extract<ScheduleEvent, { readonly type: "schedule.created" }>

/** When something of an active schedule is due: what was released, its next tick, or its end; null when nothing is. */
const dueAt = ({ releasedAt, next }: ActiveState, expiresAt: number | null): number | null => {
  const times = [releasedAt, next?.at ?? null, expiresAt].filter((each) => each !== null)
  return times.length === 0 ? null : Math.min(...times)
}

/** Schedules: made by `schedule.created`, due when they tick. */
export const scheduleAggregate: Aggregate<
  "schedule",
  Schedule,
  ScheduleEvent,
  Created,
  ScheduleCommand,
  ScheduleRefusal
> = {
  kind: "schedule",
  State: Schedule,
  index: ({ state, createdAt, owner, policy }) => ({
    status: state.status,
    createdAt,
    dueAt: state.status === "active" ? dueAt(state, policy.expiresAt) : null,
    owner: ownerKey(owner)
  }),
  create: created,
  decide,
  evolve
}
