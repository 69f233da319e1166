/** When a schedule runs, in words. */
import { parseCron } from "@backbeat/core/schedule/parseCron"
import { monthsWithout } from "@backbeat/core/schedule/CronFields"
import type { Timing } from "@backbeat/core/schedule/Timing"
import * as Result from "effect/Result"
import cronstrue from "cronstrue"

const options = { use24HourTimeFormat: true, verbose: false } as const

/** With both day fields restricted either is enough, which the library says as if both were needed. */
const eitherDay = (expression: string): string => {
  const [minute, hour, day, month, weekday] = expression.split(" ")
  const read = (days: string) => cronstrue.toString(`${minute} ${hour} ${days}`, options)
  const byDay = read(`${day} ${month} *`)
  const byWeekday = read(`* ${month} ${weekday}`)
  const at = byDay.indexOf(", ")
  const begin = at === -1 ? byDay : byDay.slice(0, at)
  const rest = byWeekday.startsWith(begin)
    ? byWeekday.slice(begin.length).replace(/^, /u, "")
    : byWeekday
  return `${byDay}, or ${rest}`
}

const readCron = (expression: string): string => {
  const fields = parseCron(expression)
  if (Result.isFailure(fields)) return expression
  const { isEveryDay, isEveryWeekday } = fields.success
  return !isEveryDay && !isEveryWeekday
    ? eitherDay(expression)
    : cronstrue.toString(expression, options)
}

/** The sentence for a timing. */
export const readingOf = (timing: Timing): string => {
  switch (timing.type) {
    case "cron":
      return `${readCron(timing.expression)}, ${timing.timezone}`
    case "one_time":
      return `Once, at ${new Date(timing.scheduledAt).toISOString()}`
    case "manual":
      return "Only on request"
  }
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December"
]

/** What people who wrote an expression may not expect of it. */
export const timingWarnings = (timing: Timing): ReadonlyArray<string> => {
  if (timing.type !== "cron") return []
  const fields = parseCron(timing.expression)
  if (Result.isFailure(fields)) return []
  const without = monthsWithout(fields.success)
  return without.length === 0
    ? []
    : [
        `it does not run in ${without.map((month) => months[month - 1]).join(", ")}, which ${without.length === 1 ? "has" : "have"} no such day`
      ]
}
