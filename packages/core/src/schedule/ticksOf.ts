/** The ticks of a schedule, whatever its type. */
import * as Result from "effect/Result"
import { hashOf } from "../identity/hashOf.ts"
import type { CronFields } from "./CronFields.ts"
import { parseCron } from "./parseCron.ts"
import { countTicks, firstTicks, lastTicks, nextTick } from "./ticks.ts"
import type { Next, Timing } from "./Timing.ts"
import { canonicalZone } from "./Zone.ts"

/** What can be asked of the ticks of a schedule. */
export interface Ticks {
  /** The first one after an instant; null when there is none. */
  readonly next: (after: number) => Next | null
  /** How many are after `after` and not after `until`. */
  readonly count: (span: Span) => number
  /** The first of them. */
  readonly first: (span: Span & { readonly limit: number }) => ReadonlyArray<number>
  /** The last of them, in order. */
  readonly last: (span: Span & { readonly limit: number }) => ReadonlyArray<number>
  /** When a tick fires. */
  readonly fireAt: (tick: number) => number
}

/** From an instant, which is excluded, to another, which is included. */
export interface Span {
  readonly after: number
  readonly until: number
}

const never: Ticks = {
  next: () => null,
  count: () => 0,
  first: () => [],
  last: () => [],
  fireAt: (tick) => tick
}

/** A function of schedule and tick alone: a restart must not draw another one. */
const jitterOf = (id: string, tick: number, longestMs: number): number =>
  longestMs <= 0 ? 0 : hashOf(`${id}@${tick}`) % (Math.floor(longestMs) + 1)

const byCron = (
  id: string,
  fields: CronFields,
  { timezone, jitterMs }: Extract<Timing, { readonly type: "cron" }>
): Ticks => {
  const fireAt = (tick: number): number => {
    if (jitterMs === 0) return tick
    const following = nextTick(fields, timezone, tick)
    const gapMs = following === null ? Number.POSITIVE_INFINITY : (following - tick) / 2
    return tick + jitterOf(id, tick, Math.min(jitterMs, gapMs))
  }
  return {
    next: (after) => {
      const tick = nextTick(fields, timezone, after)
      return tick === null ? null : { tick, at: fireAt(tick) }
    },
    count: (span) => countTicks(fields, timezone, span),
    first: (span) => firstTicks(fields, timezone, span),
    last: (span) => lastTicks(fields, timezone, span),
    fireAt
  }
}

const once = (id: string, scheduledAt: number, jitterMs: number): Ticks => {
  const fireAt = (tick: number): number => tick + jitterOf(id, tick, jitterMs)
  const isIn = ({ after, until }: Span): boolean => scheduledAt > after && scheduledAt <= until
  const those = (span: Span) => (isIn(span) ? [scheduledAt] : [])
  return {
    next: (after) => (scheduledAt > after ? { tick: scheduledAt, at: fireAt(scheduledAt) } : null),
    count: (span) => those(span).length,
    first: those,
    last: those,
    fireAt
  }
}

/** The ticks of a schedule. Fails with what cannot be read of its timing: a zone or an expression that no longer exists. */
export const ticksOf = (id: string, timing: Timing): Result.Result<Ticks, string> => {
  if (timing.type === "manual") return Result.succeed(never)
  if (timing.type === "one_time")
    return Result.succeed(once(id, timing.scheduledAt, timing.jitterMs))
  if (canonicalZone(timing.timezone) === null)
    return Result.fail(`the time zone ${timing.timezone} is unknown`)
  return Result.mapBoth(parseCron(timing.expression), {
    onSuccess: (fields) => byCron(id, fields, timing),
    onFailure: ({ message }) => `the expression cannot be read: ${message}`
  })
}
