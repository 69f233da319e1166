/** A cron expression as sets of values. */

/** What an expression matches. Values are as people write them: months and days from 1, weekdays from Sunday = 0. */
export interface CronFields {
  readonly minutes: ReadonlyArray<number>
  readonly hours: ReadonlyArray<number>
  readonly days: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  readonly weekdays: ReadonlySet<number>
  /** Whether the minute or the hour begins with `*`: then clock changes move nothing. */
  readonly isWildcard: boolean
  /** Whether the day of the month begins with `*`, so that only the weekday restricts. */
  readonly isEveryDay: boolean
  /** Whether the weekday begins with `*`, so that only the day of the month restricts. */
  readonly isEveryWeekday: boolean
}

/** A civil day, and the number of days since 1970-01-01. */
export interface CivilDay {
  readonly number: number
  readonly month: number
  readonly day: number
}

/** The civil day of a day number. Source: Hinnant, chrono-compatible low-level date algorithms, civil_from_days. */
export const civilDay = (number: number): CivilDay => {
  const shifted = number + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153)
  return {
    number,
    month: shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9,
    day: ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  }
}

/** Whether the expression matches some minute of the day. With both day fields restricted one is enough. */
export const matchesDay = (fields: CronFields, { number, month, day }: CivilDay): boolean => {
  if (!fields.months.has(month)) return false
  const isDay = fields.days.has(day)
  const isWeekday = fields.weekdays.has((((number + 4) % 7) + 7) % 7)
  return fields.isEveryDay || fields.isEveryWeekday ? isDay && isWeekday : isDay || isWeekday
}

const longest: ReadonlyArray<number> = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whether there is any day that the expression matches. Each date falls on each weekday in some year. */
export const everMatches = (fields: CronFields): boolean =>
  (!fields.isEveryDay && !fields.isEveryWeekday) ||
  [...fields.months].some((month) =>
    [...fields.days].some((day) => day <= (longest[month - 1] ?? 0))
  )

/** The months that lack one of the days that the expression asks for, when it restricts the day of the month alone. */
export const monthsWithout = (fields: CronFields): ReadonlyArray<number> => {
  if (fields.isEveryDay || !fields.isEveryWeekday) return []
  const first = Math.min(...fields.days)
  return [...fields.months].filter((month) => first > (longest[month - 1] ?? 0))
}
