/** What an event makes of a schedule. Total: every event that `decide` gave can be applied. */
import type { Occasion } from "../history/Occasion.ts"
import type { Counting, Schedule, ScheduleState } from "./Schedule.ts"
import type { ScheduleEvent } from "./ScheduleEvent.ts"

type Created = Extract<ScheduleEvent, { readonly type: "schedule.created" }>
type Updated = Extract<ScheduleEvent, { readonly type: "schedule.updated" }>

const active = (counting: Counting): ScheduleState => ({
  status: "active",
  ...counting,
  waiting: null,
  backlog: [],
  releasedAt: null
})

/** The schedule that `schedule.created` makes. */
export const created = (
  id: string,
  { definition, owner, paused, counting }: Created,
  { at, actor }: Occasion
): Schedule => ({
  id,
  owner,
  createdAt: at,
  ...definition,
  revision: 1,
  runCount: 0,
  unfiredCount: 0,
  state: paused
    ? {
        status: "paused",
        countedFrom: counting.countedFrom,
        pausedAt: at,
        by: actor,
        reason: null
      }
    : active(counting)
})

/** The state with its ticks counted as an event says. */
const counted = (state: ScheduleState, counting: Counting): ScheduleState =>
  state.status === "active" ? { ...state, ...counting } : state

const afterUpdate = (schedule: Schedule, { definition, counting }: Updated): Schedule => {
  const { state } = schedule
  const ended = state.status === "completed" || state.status === "expired"
  const isPaused = state.status === "paused"
  const next =
    counting === null
      ? state
      : ended
        ? active(counting)
        : isPaused
          ? { ...state, countedFrom: counting.countedFrom }
          : counted(state, counting)
  return { ...schedule, ...definition, revision: schedule.revision + 1, state: next }
}

/** A tick that waited, or was caught up, waits no more once something became of it. */
const without = (state: ScheduleState, tick: number): ScheduleState => {
  if (state.status !== "active") return state
  const backlog = state.backlog.filter((each) => each !== tick)
  const waiting = state.waiting?.tick === tick ? null : state.waiting
  const isMoved = backlog.length < state.backlog.length || waiting !== state.waiting
  return isMoved ? { ...state, backlog, waiting, releasedAt: null } : state
}

/** A schedule after a tick that fired, or ticks that did not. */
const afterTick = (
  schedule: Schedule,
  event: Extract<
    ScheduleEvent,
    { readonly type: "schedule.fired" | "schedule.skipped" | "schedule.missed" }
  >
): Schedule => {
  const state = without(counted(schedule.state, event.counting), event.tick)
  if (event.type !== "schedule.fired")
    return { ...schedule, unfiredCount: schedule.unfiredCount + event.count, state }
  return event.manual
    ? { ...schedule, state }
    : { ...schedule, runCount: schedule.runCount + 1, unfiredCount: 0, state }
}

/** What moves an active schedule within its status. */
const whileActive = (
  state: Extract<ScheduleState, { readonly status: "active" }>,
  event: ScheduleEvent,
  at: number
): ScheduleState => {
  switch (event.type) {
    case "schedule.counted":
      return { ...state, ...event.counting, releasedAt: null }
    case "schedule.waiting": {
      const { waiting, backlog, counting } = event
      return { ...state, ...counting, waiting, backlog, releasedAt: null }
    }
    case "schedule.released":
      return { ...state, releasedAt: at }
    default:
      return state
  }
}

const stateAfter = (
  { state }: Schedule,
  event: ScheduleEvent,
  { at, actor }: Occasion
): ScheduleState => {
  switch (event.type) {
    case "schedule.paused":
      return {
        status: "paused",
        countedFrom: state.status === "active" ? state.countedFrom : at,
        pausedAt: at,
        by: actor,
        reason: event.reason
      }
    case "schedule.resumed":
      return active(event.counting)
    case "schedule.completed":
      return { status: "completed", endedAt: at, reason: event.reason }
    case "schedule.cancelled":
      return { status: "cancelled", endedAt: at, by: actor, reason: event.reason }
    case "schedule.expired":
      return { status: "expired", endedAt: at }
    default:
      return state.status === "active" ? whileActive(state, event, at) : state
  }
}

/** The schedule after the event. */
export const evolve = (schedule: Schedule, event: ScheduleEvent, occasion: Occasion): Schedule => {
  switch (event.type) {
    case "schedule.created":
      return created(schedule.id, event, occasion)
    case "schedule.updated":
      return afterUpdate(schedule, event)
    case "schedule.fired":
    case "schedule.skipped":
    case "schedule.missed":
      return afterTick(schedule, event)
    case "schedule.paused":
    case "schedule.resumed": {
      const byPerson = occasion.actor.kind === "caller"
      const revision = schedule.revision + (byPerson ? 1 : 0)
      return { ...schedule, revision, state: stateAfter(schedule, event, occasion) }
    }
    default:
      return { ...schedule, state: stateAfter(schedule, event, occasion) }
  }
}
