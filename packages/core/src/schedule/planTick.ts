/**
 * What is due of a schedule at an instant, and what is to be done with it. At most one run is started at a time: the tick that is due, or
 * the one that has waited longest.
 */
import * as Result from "effect/Result"
import type { Look } from "./ScheduleCommand.ts"
import type { ActiveState, Counting, Schedule, Waiting } from "./Schedule.ts"
import type { Cause } from "./Tick.ts"
import { type Ticks, ticksOf } from "./ticksOf.ts"

/** A tick of a schedule. */
export interface DueTick {
  readonly tick: number
  readonly manual: boolean
}

/** Ticks in a row that do not fire. */
export interface Unfired extends DueTick {
  readonly until: number
  readonly count: number
  readonly cause: Cause
}

/** What is to be done. */
export interface Plan {
  readonly counting: Counting
  readonly missed: ReadonlyArray<Unfired>
  readonly skipped: ReadonlyArray<Unfired>
  /** The tick whose run is to be started. */
  readonly fire: DueTick | null
  /** Runs that are to be stopped: the waiting tick replaces them. */
  readonly stop: ReadonlyArray<string>
  readonly waiting: Waiting | null
  readonly backlog: ReadonlyArray<number>
  /** Why it is to be paused. */
  readonly pause: string | null
  readonly isExpired: boolean
  /** Why it cannot be read any more. */
  readonly invalid: string | null
}

const nothing = (counting: Counting): Plan => ({
  counting,
  missed: [],
  skipped: [],
  fire: null,
  stop: [],
  waiting: null,
  backlog: [],
  pause: null,
  isExpired: false,
  invalid: null
})

/** One row for ticks in a row. */
export const unfired = (
  ticks: ReadonlyArray<number>,
  cause: Cause,
  count = ticks.length
): ReadonlyArray<Unfired> => {
  const [tick] = ticks
  const until = ticks.at(-1)
  return tick === undefined || until === undefined || count === 0
    ? []
    : [{ tick, manual: false, until, count, cause }]
}

/** The ticks that have come since the schedule was looked at last. `newest` are as many as may be caught up. */
interface Due {
  readonly first: number
  readonly count: number
  readonly newest: ReadonlyArray<number>
}

const dueOf = (
  { policy }: Schedule,
  { countedFrom }: Counting,
  ticks: Ticks,
  { now, spent }: { readonly now: number; readonly spent: ReadonlyArray<number> }
): { readonly due: Due | null; readonly counting: Counting } => {
  const [newest] = ticks.last({ after: countedFrom, until: now, limit: 1 })
  // Its jitter may still hold the last one back; never one before it.
  const before = newest === undefined ? now : newest - 1
  const until = newest !== undefined && ticks.fireAt(newest) > now ? before : now
  const span = { after: countedFrom, until }
  const count = ticks.count(span) - spent.length
  const last = ticks.last({ ...span, limit: 1 })[0] ?? null
  const from = last ?? countedFrom
  const counting = { countedFrom: from, next: ticks.next(from) }
  if (count <= 0 || last === null) return { due: null, counting }
  const limit = policy.maxCatchup + spent.length
  const isFree = (tick: number): boolean => !spent.includes(tick)
  const kept = ticks
    .last({ ...span, limit })
    .filter(isFree)
    .slice(-policy.maxCatchup)
  const [first] = ticks.first({ ...span, limit: spent.length + 1 }).filter(isFree)
  return first === undefined
    ? { due: null, counting }
    : { due: { first, count, newest: kept }, counting }
}

/** What the policy for missed runs makes of due ticks: one that may fire now, those that are caught up, and those that are missed. */
interface Sorted {
  readonly fresh: number | null
  readonly backlog: ReadonlyArray<number>
  readonly missed: ReadonlyArray<Unfired>
}

/** The row of all due ticks but the newest `keptCount`. */
const older = (
  { first, count, newest }: Due,
  keptCount: number,
  cause: Cause,
  ticks: Ticks
): ReadonlyArray<Unfired> => {
  const missedCount = count - keptCount
  if (missedCount <= 0) return []
  const firstKept = newest[newest.length - keptCount]
  const end = keptCount === 0 ? (newest.at(-1) ?? first) : (firstKept ?? first) - 1
  const until = ticks.last({ after: first - 1, until: end, limit: 1 })[0] ?? first
  return unfired([first, until], cause, missedCount)
}

const sortDue = (
  { policy }: Schedule,
  state: ActiveState,
  due: Due | null,
  { ticks, now }: { readonly ticks: Ticks; readonly now: number }
): Sorted => {
  if (due === null) return { fresh: null, backlog: state.backlog, missed: [] }
  const newest = due.newest.at(-1) ?? due.first
  const isFresh = now - ticks.fireAt(newest) <= policy.missedAfterMs
  if (policy.missedRunPolicy === "catchup") {
    if (isFresh && due.count === 1 && state.backlog.length === 0)
      return { fresh: newest, backlog: [], missed: [] }
    const all = [...state.backlog, ...due.newest]
    const kept = all.slice(-policy.maxCatchup)
    const dropped = all.slice(0, all.length - kept.length)
    const before = older(due, due.newest.length, { type: "maxCatchup" }, ticks)
    return {
      fresh: null,
      backlog: kept,
      missed: [...unfired(dropped, { type: "maxCatchup" }), ...before]
    }
  }
  return {
    fresh: isFresh ? newest : null,
    backlog: state.backlog,
    missed: older(due, isFresh ? 1 : 0, { type: "late" }, ticks)
  }
}

/** What may be done with a tick that could be fired. */
type Verdict =
  | { readonly type: "fire" }
  | { readonly type: "skip"; readonly cause: Cause }
  | { readonly type: "wait"; readonly awaits: string; readonly stop: ReadonlyArray<string> }

const judge = (
  { id, policy }: Schedule,
  { running, predecessor }: Look,
  { isHeld, manual }: { readonly isHeld: boolean; readonly manual: boolean }
): Verdict => {
  const { afterScheduleId, overlap } = policy
  if (!manual && afterScheduleId !== null && predecessor !== null) {
    if (predecessor.running !== null) return { type: "wait", awaits: afterScheduleId, stop: [] }
    if (predecessor.failed !== null)
      return {
        type: "skip",
        cause: { type: "predecessor", scheduleId: afterScheduleId, ...predecessor.failed }
      }
  }
  const [runId] = running
  if (runId === undefined) return { type: "fire" }
  if (isHeld || overlap === "queue") return { type: "wait", awaits: id, stop: [] }
  if (overlap === "allow") return { type: "fire" }
  return overlap === "replace"
    ? { type: "wait", awaits: id, stop: running }
    : { type: "skip", cause: { type: "overlap", runId } }
}

/** The tick whose turn it is, and what it leaves waiting. */
const candidateOf = ({ waiting }: ActiveState, { fresh, backlog }: Sorted) => {
  const [oldest] = backlog
  if (fresh !== null)
    return {
      candidate: { tick: fresh, manual: false },
      isHeld: false,
      backlog,
      superseded: waiting
    }
  if (waiting !== null) return { candidate: waiting, isHeld: true, backlog, superseded: null }
  return oldest === undefined
    ? { candidate: null, isHeld: false, backlog, superseded: null }
    : {
        candidate: { tick: oldest, manual: false },
        isHeld: true,
        backlog: backlog.slice(1),
        superseded: null
      }
}

const runKeyOf = (tick: number): Pick<Cause, "message"> => ({
  message: Temporal.Instant.fromEpochMilliseconds(tick).toString()
})

const planned = (
  schedule: Schedule,
  state: ActiveState,
  sorted: Sorted,
  { look, counting }: { readonly look: Look; readonly counting: Counting }
): Plan => {
  const { candidate, isHeld, backlog, superseded } = candidateOf(state, sorted)
  const base = { ...nothing(counting), missed: sorted.missed, backlog }
  if (candidate === null) return base
  const { tick, manual } = candidate
  const dropped: ReadonlyArray<Unfired> =
    superseded === null
      ? []
      : [
          {
            tick: superseded.tick,
            manual: superseded.manual,
            until: superseded.tick,
            count: 1,
            cause: { type: "superseded", ...runKeyOf(tick) }
          }
        ]
  const verdict = judge(schedule, look, { isHeld, manual })
  switch (verdict.type) {
    case "fire":
      return { ...base, skipped: dropped, fire: { tick, manual } }
    case "skip":
      return {
        ...base,
        skipped: [...dropped, { tick, manual, until: tick, count: 1, cause: verdict.cause }]
      }
    case "wait": {
      const fromBacklog = isHeld && state.waiting === null
      return {
        ...base,
        skipped: dropped,
        stop: verdict.stop,
        waiting: fromBacklog ? null : { tick, manual, awaits: verdict.awaits },
        backlog: fromBacklog ? sorted.backlog : backlog
      }
    }
  }
}

/** All that waits or is due when nothing of it may fire any more. */
const givenUp = (
  { waiting, backlog }: Pick<ActiveState, "waiting" | "backlog">,
  cause: Cause
): ReadonlyArray<Unfired> => [
  ...unfired(backlog, cause),
  ...(waiting === null
    ? []
    : [{ tick: waiting.tick, manual: waiting.manual, until: waiting.tick, count: 1, cause }])
]

/** What waits, as rows, when the schedule stops ticking. */
export const waitingGivenUp = givenUp

/** What is due of an active schedule at `now`, and what is to be done with it. */
export const planTick = (schedule: Schedule, state: ActiveState, now: number, look: Look): Plan => {
  const { id, policy, timing } = schedule
  const read = ticksOf(id, timing)
  if (Result.isFailure(read))
    return {
      ...nothing({ countedFrom: now, next: null }),
      skipped: [
        ...givenUp(state, { type: "invalid", message: read.failure }),
        ...unfired([state.next?.tick ?? now], { type: "invalid", message: read.failure })
      ],
      invalid: read.failure
    }
  const ticks = read.success
  const { expiresAt } = policy
  if (expiresAt !== null && expiresAt <= now) {
    const { due, counting } = dueOf(schedule, state, ticks, {
      now: expiresAt - 1,
      spent: look.spent
    })
    const cause: Cause = { type: "expired" }
    return {
      ...nothing(counting),
      skipped: givenUp(state, cause),
      missed: due === null ? [] : older(due, 0, cause, ticks),
      isExpired: true
    }
  }
  const { due, counting } = dueOf(schedule, state, ticks, { now, spent: look.spent })
  const sorted = sortDue(schedule, state, due, { ticks, now })
  const plan = planned(schedule, state, sorted, { look, counting })
  const isFailing = policy.missedRunPolicy === "fail" && sorted.missed.length > 0
  return isFailing ? { ...plan, pause: "ticks were missed (missedRunPolicy fail)" } : plan
}
