/**
 * Ticks by a walk over every minute, with the wall clock that cron keeps in mind. Slow and simple, to
 * compare the search with.
 */
import { type CronFields, civilDay, matchesDay } from "@backbeat/core/schedule/CronFields"

const minuteMs = 60_000
const correctionMinutes = 180

const matches = (fields: CronFields, wall: number): boolean => {
  const day = Math.floor(wall / 1440)
  const ofDay = wall - day * 1440
  return (
    fields.hours.includes(Math.floor(ofDay / 60)) &&
    fields.minutes.includes(ofDay % 60) &&
    matchesDay(fields, civilDay(day))
  )
}

const matchesAny = (fields: CronFields, from: number, until: number): boolean => {
  for (let wall = from; wall < until; wall++) if (matches(fields, wall)) return true
  return false
}

/** The offset of a zone in minutes at each minute of a span, from the one before its first. */
export const offsetsOf = (zone: string, from: number, until: number): ReadonlyArray<number> => {
  const offsets: Array<number> = []
  for (let at = from - minuteMs; at <= until; at += minuteMs)
    offsets.push(new Temporal.ZonedDateTime(BigInt(at) * 1_000_000n, zone).offsetNanoseconds / 60e9)
  return offsets
}

/** The ticks from `from` (a whole minute, epoch ms) on, one for each minute of the offsets. */
export const walk = (
  fields: CronFields,
  from: number,
  offsets: ReadonlyArray<number>
): ReadonlyArray<number> => {
  const ticks: Array<number> = []
  let ran = Number.NEGATIVE_INFINITY
  for (let index = 1; index < offsets.length; index++) {
    const at = from + (index - 1) * minuteMs
    const offset = offsets[index] ?? 0
    const before = offsets[index - 1] ?? 0
    const wall = at / minuteMs + offset
    const change = offset - before
    const isFixed = !fields.isWildcard && Math.abs(change) < correctionMinutes
    const isSkipped = isFixed && change > 0 && matchesAny(fields, wall - change, wall)
    if (isFixed && change < 0) ran = wall - change - 1
    if (wall > ran && (isSkipped || matches(fields, wall))) ticks.push(at)
  }
  return ticks
}
