import { describe, expect, test } from "bun:test"
import { accepts, isAccepted } from "@backbeat/core/schedule/accepts"
import { decide } from "@backbeat/core/schedule/decide"
import { evolve } from "@backbeat/core/schedule/evolve"
import { scheduleLifecycle } from "@backbeat/core/schedule/lifecycle"
import type { Schedule } from "@backbeat/core/schedule/Schedule"
import type { Look, ScheduleCommand } from "@backbeat/core/schedule/ScheduleCommand"
import * as Result from "effect/Result"
import { caller, owner } from "../task/scenario.ts"
import { cron, definition, newSchedule } from "./scenario.ts"
import { at } from "./when.ts"

const now = at("2027-03-28T08:01:00Z")
const soon = { type: "one_time", scheduledAt: now - 30_000, jitterMs: 0 } as const
const idle: Look = { running: [], predecessor: null, spent: [] }
const run = { kind: "task", id: "s.1" }
const started = { type: "started", run } as const
const broken = { type: "refused", error: "E", message: "m", invalid: true } as const

const minutely = definition(cron("* * * * *"))
const expired = definition(cron("* * * * *"), { expiresAt: now })
const once = definition(cron("* * * * *"), { maxRuns: 1 })

/** One of each kind of schedule, whose next tick is due. */
const made: ReadonlyArray<Schedule> = [
  minutely,
  expired,
  once,
  definition(cron("* * * * *"), { overlap: "queue" }),
  definition(soon)
].flatMap((each) => [
  newSchedule(each, now - 60_000),
  newSchedule(each, now - 60_000, true),
  { ...newSchedule(each, now - 60_000), timing: cron("* * * * *", "America/Nowhere") }
])

const commands: ReadonlyArray<ScheduleCommand> = [
  ...[minutely, expired, once].map(
    (each) => ({ type: "Update", definition: each, changed: [], revision: 1 }) as const
  ),
  { type: "Pause", reason: null },
  { type: "Resume" },
  { type: "Cancel", reason: null },
  { type: "Tick", look: idle, outcome: started },
  { type: "Tick", look: idle, outcome: broken },
  { type: "Tick", look: { ...idle, running: ["s.0"] }, outcome: null },
  { type: "Trigger", tick: now, run },
  { type: "Trigger", tick: now, run: null },
  { type: "Release" },
  { type: "Recount" },
  { type: "Replace", definition: minutely, owner, paused: false },
  { type: "Replace", definition: minutely, owner, paused: true }
]

const after = (schedule: Schedule, command: ScheduleCommand): Schedule | null =>
  Result.match(decide(command, schedule, now), {
    onFailure: () => null,
    onSuccess: (events) =>
      events.reduce((each, event) => evolve(each, event, { at: now, actor: caller }), schedule)
  })

/** Whatever two commands can make of them; the revision is always the one that is asked for. */
const reached: ReadonlyArray<Schedule> = (() => {
  const found = new Map(made.map((each) => [JSON.stringify(each), each]))
  let last = made
  for (let round = 0; round < 2; round++) {
    last = last.flatMap((schedule) =>
      commands.flatMap((command) => {
        const next = after(schedule, command)
        if (next === null) return []
        const same = { ...next, revision: 1 }
        const key = JSON.stringify(same)
        if (found.has(key)) return []
        found.set(key, same)
        return [same]
      })
    )
  }
  return [...found.values()]
})()

describe("the table of commands that a schedule accepts", () => {
  test("has each possible transition, and no other", () => {
    const taken = reached.flatMap((schedule) =>
      commands.flatMap((command) => {
        const next = after(schedule, command)
        return next === null
          ? []
          : [`${schedule.state.status} ${command.type} ${next.state.status}`]
      })
    )
    const drawn = Object.entries(accepts).flatMap(([from, its]) =>
      Object.entries(its).flatMap(([command, to]: readonly [string, ReadonlyArray<string>]) =>
        to.map((status) => `${from} ${command} ${status}`)
      )
    )
    expect([...new Set(taken)].toSorted()).toEqual(drawn.toSorted())
  })

  test("lists exactly the commands that are not refused, in every status", () => {
    for (const schedule of reached)
      for (const command of commands)
        expect(isAccepted(schedule.state.status, command.type)).toBe(
          after(schedule, command) !== null
        )
    expect(new Set(reached.map(({ state }) => state.status)).size).toBe(5)
  })

  test("has a status for each end from which only a caller's command leads", () => {
    for (const status of scheduleLifecycle.final)
      expect(Object.keys(accepts[status])).not.toContain("Tick")
  })
})
