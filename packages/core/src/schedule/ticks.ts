/**
 * When an expression ticks in a zone. Clock changes are treated as cron does (ISC cron 3 and later): a fixed job whose minute is skipped
 * runs once, at the jump, and runs at the first of two equal minutes; a wildcard job runs at the minutes that exist.
 */
import { civilDay, type CronFields, matchesDay } from "./CronFields.ts"
import { type Stretch, stretchesFrom } from "./Zone.ts"

const minuteMs = 60_000
const dayMinutes = 1440

/** From here on a change is a correction of the zone: nothing is made up for and nothing held back. */
const correctionMs = 3 * 3_600_000

/** The longest that an expression can be silent, in days: 29 February on one weekday, over a year 2100. */
const horizonDays = 41 * 366

/** The first minute of the wall at or after `minute` and before `until` that the expression matches; null when there is none. */
const nextMinute = (fields: CronFields, minute: number, until: number): number | null => {
  const { hours, minutes } = fields
  const lastDay = Math.min(
    Math.floor((until - 1) / dayMinutes),
    Math.floor(minute / dayMinutes) + horizonDays
  )
  let from = minute
  for (let day = Math.floor(minute / dayMinutes); day <= lastDay; day++) {
    const civil = civilDay(day)
    if (!fields.months.has(civil.month)) {
      // To the day before the 28th day from the first of this month: none of the next month is passed over.
      day += Math.max(0, 27 - civil.day)
      continue
    }
    const midnight = day * dayMinutes
    if (from < midnight) from = midnight
    if (!matchesDay(fields, civil)) continue
    for (const hour of hours) {
      if (midnight + hour * 60 + 59 < from) continue
      for (const each of minutes) {
        const at = midnight + hour * 60 + each
        if (at >= from) return at < until ? at : null
      }
    }
  }
  return null
}

/** How many minutes of the wall from `from` until before `until` the expression matches. */
const countMinutes = (fields: CronFields, from: number, until: number): number => {
  const { hours, minutes } = fields
  if (until <= from) return 0
  let count = 0
  const lastDay = Math.floor((until - 1) / dayMinutes)
  for (let day = Math.floor(from / dayMinutes); day <= lastDay; day++) {
    if (!matchesDay(fields, civilDay(day))) continue
    const midnight = day * dayMinutes
    if (from <= midnight && until >= midnight + dayMinutes) {
      count += hours.length * minutes.length
      continue
    }
    for (const hour of hours) {
      for (const minute of minutes) {
        const at = midnight + hour * 60 + minute
        if (at >= from && at < until) count++
      }
    }
  }
  return count
}

const ceilMinute = (ms: number): number => Math.ceil(ms / minuteMs)

/** A stretch as the expression sees it: the minutes of the wall that count in it, and the tick that a gap before it makes up for. */
interface Part {
  readonly offsetMs: number
  readonly from: number
  readonly until: number
  /** An instant (epoch ms). */
  readonly jump: number | null
}

const partOf = (
  fields: CronFields,
  before: Stretch | null,
  { from, to, offsetMs }: Stretch
): Part => {
  const first = ceilMinute(from + offsetMs)
  const until = to === Number.POSITIVE_INFINITY ? to : ceilMinute(to + offsetMs)
  const whole = { offsetMs, from: first, until, jump: null }
  if (before === null || fields.isWildcard) return whole
  const change = offsetMs - before.offsetMs
  if (Math.abs(change) >= correctionMs) return whole
  const was = ceilMinute(from + before.offsetMs)
  // The minutes before were run in the stretch before.
  if (change < 0) return { ...whole, from: Math.max(first, was) }
  return nextMinute(fields, was, first) === null
    ? whole
    : { ...whole, jump: first * minuteMs - offsetMs }
}

/** The parts from an instant (epoch ms) on. The first of them may lie before it. */
function* partsFrom(fields: CronFields, zone: string, from: number): Generator<Part> {
  let before: Stretch | null = null
  for (const stretch of stretchesFrom(zone, from)) {
    if (stretch.to > from) yield partOf(fields, before, stretch)
    before = stretch
  }
}

/** The first tick after an instant (both epoch ms); null when none comes within the longest silence of an expression. */
export const nextTick = (fields: CronFields, zone: string, after: number): number | null => {
  for (const { offsetMs, from, until, jump } of partsFrom(fields, zone, after)) {
    if (jump !== null && jump > after) return jump
    const first = Math.max(from, Math.floor((after + offsetMs) / minuteMs) + 1)
    if (first * minuteMs - after > (horizonDays + 366) * 86_400_000) return null
    const minute = nextMinute(fields, first, until)
    if (minute !== null) return minute * minuteMs - offsetMs
    if (until === Number.POSITIVE_INFINITY) return null
  }
  return null
}

/** How many ticks are after `after` and not after `until` (epoch ms). */
export const countTicks = (
  fields: CronFields,
  zone: string,
  { after, until }: { readonly after: number; readonly until: number }
): number => {
  let count = 0
  if (until <= after) return 0
  for (const part of partsFrom(fields, zone, after)) {
    const { offsetMs, jump } = part
    const end = Math.floor((until + offsetMs) / minuteMs) + 1
    const from = Math.max(part.from, Math.floor((after + offsetMs) / minuteMs) + 1)
    const to = Math.min(part.until, end)
    // If the minute of the jump matches too, it is the same tick.
    const isOwn =
      jump !== null &&
      jump > after &&
      jump <= until &&
      nextMinute(fields, part.from, part.from + 1) === null
    count += countMinutes(fields, from, to) + (isOwn ? 1 : 0)
    if (part.until >= end) return count
  }
  return count
}

/** Ticks after `after` and not after `until` (epoch ms), the first `limit` of them. */
export const firstTicks = (
  fields: CronFields,
  zone: string,
  {
    after,
    until,
    limit
  }: { readonly after: number; readonly until: number; readonly limit: number }
): ReadonlyArray<number> => {
  const ticks: Array<number> = []
  for (let at = after; ticks.length < limit;) {
    const next = nextTick(fields, zone, at)
    if (next === null || next > until) break
    ticks.push(next)
    at = next
  }
  return ticks
}

/** The last `limit` ticks after `after` and not after `until` (epoch ms), in order. */
export const lastTicks = (
  fields: CronFields,
  zone: string,
  {
    after,
    until,
    limit
  }: { readonly after: number; readonly until: number; readonly limit: number }
): ReadonlyArray<number> => {
  for (let spanMs = limit * minuteMs; ; spanMs *= 8) {
    const from = Math.max(after, until - spanMs)
    const count = countTicks(fields, zone, { after: from, until })
    if (count >= limit || from === after) {
      const all = firstTicks(fields, zone, { after: from, until, limit: count })
      return all.slice(-limit)
    }
  }
}
