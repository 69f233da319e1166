/** Decides what a command does to a schedule. The only place where one changes its status. */
import * as Result from "effect/Result"
import { accepts } from "./accepts.ts"
import { decideTick, endOf, type Events, isSame, skippedRows } from "./decideTick.ts"
import { unfired, waitingGivenUp } from "./planTick.ts"
import type { ActiveState, Counting, Definition, Schedule, ScheduleStatus } from "./Schedule.ts"
import type { ScheduleCommand } from "./ScheduleCommand.ts"
import type { ScheduleEvent } from "./ScheduleEvent.ts"
import { type Ticks, ticksOf } from "./ticksOf.ts"
import { isSameTiming } from "./Timing.ts"

/** The refusal of a command: its status does not accept it, or somebody has changed the schedule meanwhile. */
export interface ScheduleRefusal {
  readonly _tag: "ScheduleRefusal"
  readonly reason: "status" | "revision"
  readonly id: string
  readonly status: ScheduleStatus
  readonly revision: number
  readonly command: ScheduleCommand["type"]
}

type Of<Type extends ScheduleCommand["type"]> = Extract<ScheduleCommand, { readonly type: Type }>

const noTicks: Counting = { countedFrom: 0, next: null }

/** Where a definition stands whose ticks are counted from an instant. One that cannot be read never ticks. */
export const countFrom = (id: string, { timing }: Definition, at: number): Counting =>
  Result.match(ticksOf(id, timing), {
    onSuccess: (ticks: Ticks) => ({ countedFrom: at, next: ticks.next(at) }),
    onFailure: () => ({ ...noTicks, countedFrom: at })
  })

/** The rows of what waits when the schedule stops ticking. */
const giveUp = (schedule: Schedule, type: "paused" | "cancelled" | "updated"): Events => {
  const { state } = schedule
  if (state.status !== "active") return []
  const { countedFrom, next } = state
  return skippedRows(waitingGivenUp(state, { type }), { countedFrom, next })
}

const resume = (schedule: Schedule, from: number, at: number): Events => {
  const { id, timing, policy } = schedule
  const counting = countFrom(id, schedule, at)
  const passed = Result.match(ticksOf(id, timing), {
    onSuccess: (ticks: Ticks) => {
      const span = { after: from, until: at }
      const count = ticks.count(span)
      const [first] = ticks.first({ ...span, limit: 1 })
      const [last] = ticks.last({ ...span, limit: 1 })
      return first === undefined || last === undefined
        ? []
        : unfired([first, last], { type: "paused" }, count)
    },
    onFailure: () => []
  })
  const resumed: Events = [{ type: "schedule.resumed", counting }, ...skippedRows(passed, counting)]
  return policy.expiresAt !== null && policy.expiresAt <= at
    ? [...resumed, { type: "schedule.expired" }]
    : [...resumed, ...endOf(schedule, schedule.runCount, counting)]
}

const update = (schedule: Schedule, { definition, changed }: Of<"Update">, at: number): Events => {
  const { id, state, timing, runCount } = schedule
  const recounted = !isSameTiming(timing, definition.timing)
  const counting = countFrom(id, definition, at)
  const { maxRuns, expiresAt } = definition.policy
  const isOver =
    counting.next === null ||
    (maxRuns !== null && runCount >= maxRuns) ||
    (expiresAt !== null && expiresAt <= at)
  // What had ended ticks again when there is something to come.
  const revived = (state.status === "completed" || state.status === "expired") && !isOver
  const updated: ScheduleEvent = {
    type: "schedule.updated",
    definition,
    changed,
    counting: recounted || revived ? counting : null
  }
  if (state.status !== "active") return [updated]
  const left = waitingGivenUp(state, { type: "updated" }).length > 0
  const ends = left
    ? []
    : endOf({ ...schedule, ...definition }, runCount, recounted ? counting : state)
  return [updated, ...ends]
}

const recount = (schedule: Schedule, state: ActiveState, at: number): Events => {
  const from = Math.min(state.countedFrom, at)
  const counting = countFrom(schedule.id, schedule, from)
  return isSame(counting, { countedFrom: state.countedFrom, next: state.next })
    ? []
    : [{ type: "schedule.counted", counting }]
}

const trigger = (schedule: Schedule, { tick: at, run }: Of<"Trigger">): Events => {
  const { id, state } = schedule
  const counting =
    state.status === "active" ? { countedFrom: state.countedFrom, next: state.next } : noTicks
  if (run !== null)
    return [{ type: "schedule.fired", tick: at, manual: true, latenessMs: 0, run, counting }]
  if (state.status !== "active") return []
  const superseded = state.waiting
  return [
    ...(superseded === null
      ? []
      : skippedRows(
          waitingGivenUp({ waiting: superseded, backlog: [] }, { type: "superseded" }),
          counting
        )),
    {
      type: "schedule.waiting",
      waiting: { tick: at, manual: true, awaits: id },
      backlog: state.backlog,
      counting
    }
  ]
}

const ofActive = (
  schedule: Schedule,
  state: ActiveState,
  command: Of<"Tick"> | Of<"Release"> | Of<"Recount">,
  at: number
): Events => {
  switch (command.type) {
    case "Tick":
      return decideTick(schedule, state, command, at)
    case "Release":
      return state.waiting === null && state.backlog.length === 0
        ? []
        : [{ type: "schedule.released" }]
    case "Recount":
      return recount(schedule, state, at)
  }
}

const decided = (command: ScheduleCommand, schedule: Schedule, at: number): Events => {
  const { id, state } = schedule
  switch (command.type) {
    case "Update":
      return update(schedule, command, at)
    case "Pause":
      return state.status === "paused"
        ? []
        : [...giveUp(schedule, "paused"), { type: "schedule.paused", reason: command.reason }]
    case "Resume":
      return state.status === "paused" ? resume(schedule, state.countedFrom, at) : []
    case "Cancel":
      return [
        ...giveUp(schedule, "cancelled"),
        { type: "schedule.cancelled", reason: command.reason }
      ]
    case "Trigger":
      return trigger(schedule, command)
    case "Replace":
      return [
        ...giveUp(schedule, "updated"),
        {
          type: "schedule.created",
          definition: command.definition,
          owner: command.owner,
          paused: command.paused,
          counting: countFrom(id, command.definition, at)
        }
      ]
    default:
      return state.status === "active" ? ofActive(schedule, state, command, at) : []
  }
}

/** Decides `command` at an instant (epoch ms). Fails with ScheduleRefusal. */
export const decide = (
  command: ScheduleCommand,
  schedule: Schedule,
  at: number
): Result.Result<Events, ScheduleRefusal> => {
  const { id, state, revision } = schedule
  const refused = (reason: ScheduleRefusal["reason"]) =>
    Result.fail<ScheduleRefusal>({
      _tag: "ScheduleRefusal",
      reason,
      id,
      status: state.status,
      revision,
      command: command.type
    })
  if (!Object.hasOwn(accepts[state.status], command.type)) return refused("status")
  const seen = "revision" in command ? command.revision : undefined
  return seen !== undefined && seen !== revision
    ? refused("revision")
    : Result.succeed(decided(command, schedule, at))
}
