/** What a tick of an active schedule comes to. */
import { engine } from "../history/Actor.ts"
import { evolve } from "./evolve.ts"
import { type Plan, planTick, type Unfired, waitingGivenUp } from "./planTick.ts"
import type { ActiveState, Counting, Schedule } from "./Schedule.ts"
import type { ScheduleCommand } from "./ScheduleCommand.ts"
import type { ScheduleEvent } from "./ScheduleEvent.ts"
import type { Cause } from "./Tick.ts"

/** Events in the order in which they are applied. */
export type Events = ReadonlyArray<ScheduleEvent>
type TickCommand = Extract<ScheduleCommand, { readonly type: "Tick" }>

/** Ticks that were skipped. */
export const skippedRows = (rows: ReadonlyArray<Unfired>, counting: Counting): Events =>
  rows.map((row) => ({ type: "schedule.skipped", ...row, counting }))

const missedRows = (rows: ReadonlyArray<Unfired>, counting: Counting): Events =>
  rows.map((row) => ({ type: "schedule.missed", ...row, counting }))

/** What follows when no tick can come any more. */
export const endOf = (
  { timing, policy }: Schedule,
  runCount: number,
  { next }: Counting
): ReadonlyArray<ScheduleEvent> => {
  if (policy.maxRuns !== null && runCount >= policy.maxRuns)
    return [{ type: "schedule.completed", reason: `it has run ${runCount} times (maxRuns)` }]
  return next === null && timing.type !== "manual"
    ? [
        {
          type: "schedule.completed",
          reason: timing.type === "one_time" ? "its time has come" : "no tick follows"
        }
      ]
    : []
}

/** The tick that fired, or why its run could not be started. */
const fireEvents = (
  { fire, counting }: Plan,
  { outcome }: TickCommand,
  at: number
): {
  readonly events: Events
  readonly started: boolean
  readonly counts: boolean
  readonly pause: string | null
} => {
  if (fire === null || outcome === null)
    return { events: [], started: false, counts: false, pause: null }
  const { tick, manual } = fire
  if (outcome.type === "started")
    return {
      events: [
        {
          type: "schedule.fired",
          tick,
          manual,
          latenessMs: Math.max(0, at - tick),
          run: outcome.run,
          counting
        }
      ],
      started: true,
      counts: !manual,
      pause: null
    }
  const { invalid, error, message } = outcome
  const cause = { type: invalid ? "invalid" : "refused", error, message } as const
  return {
    events: skippedRows([{ tick, manual, until: tick, count: 1, cause }], counting),
    started: false,
    counts: false,
    pause: invalid ? `it cannot be started: ${message}` : null
  }
}

/** Whether two plain values are the same. */
export const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

/** Applies what was decided so far, to see what is left to say. Who causes it does not matter for that. */
const after = (schedule: Schedule, events: Events, at: number): Schedule =>
  events.reduce((each, event) => evolve(each, event, { at, actor: engine }), schedule)

/** What waits, where the events so far do not say it. What nothing keeps from its turn has it at once. */
const waitingEvents = (
  { state }: Schedule,
  { waiting, backlog, counting }: Plan,
  isFree: boolean
): Events => {
  if (state.status !== "active") return []
  const waits = waiting !== null || backlog.length > 0
  const isNoted =
    isSame(waiting, state.waiting) &&
    isSame(backlog, state.backlog) &&
    (state.releasedAt === null || !waits)
  const noted: Events = isNoted ? [] : [{ type: "schedule.waiting", waiting, backlog, counting }]
  return waits && isFree ? [...noted, { type: "schedule.released" }] : noted
}

/** What ends its ticking for now, with what becomes of the ticks that wait; null when it goes on. */
const stopEvents = (
  schedule: Schedule,
  plan: Plan,
  { runCount, pause }: { readonly runCount: number; readonly pause: string | null }
): Events | null => {
  const { counting, isExpired } = plan
  const { maxRuns } = schedule.policy
  const givenUp = (type: Cause["type"]) => skippedRows(waitingGivenUp(plan, { type }), counting)
  if (isExpired) return [{ type: "schedule.expired" }]
  if (maxRuns !== null && runCount >= maxRuns)
    return [...givenUp("maxRuns"), ...endOf(schedule, runCount, counting)]
  return pause === null ? null : [...givenUp("paused"), { type: "schedule.paused", reason: pause }]
}

/** Decides what is due at an instant (epoch ms). */
export const decideTick = (
  schedule: Schedule,
  state: ActiveState,
  command: TickCommand,
  at: number
): Events => {
  const { running, predecessor } = command.look
  const plan = planTick(schedule, state, at, command.look)
  const { counting, missed, skipped } = plan
  const fired = fireEvents(plan, command, at)
  const rows: Events = [
    ...missedRows(missed, counting),
    ...skippedRows(skipped, counting),
    ...fired.events
  ]
  const runCount = schedule.runCount + (fired.counts ? 1 : 0)
  const pause = plan.invalid ?? fired.pause ?? plan.pause
  const stopped = stopEvents(schedule, plan, { runCount, pause })
  if (stopped !== null) return [...rows, ...stopped]
  const waits = plan.waiting !== null || plan.backlog.length > 0
  const isHeld = fired.started || running.length > 0 || typeof predecessor?.running === "string"
  const moved = [
    ...rows,
    ...waitingEvents(after(schedule, rows, at), plan, !isHeld),
    ...(waits ? [] : endOf(schedule, runCount, counting))
  ]
  return moved.length > 0 || isSame(counting, { countedFrom: state.countedFrom, next: state.next })
    ? moved
    : [{ type: "schedule.counted", counting }]
}
