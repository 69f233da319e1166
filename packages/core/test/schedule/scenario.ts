/** Plays one schedule with a clock and runs of its own. */
import { caller } from "../task/scenario.ts"
import { engine } from "@backbeat/core/history/Actor"
import { scheduleAggregate } from "@backbeat/core/schedule/aggregate"
import { countFrom, decide } from "@backbeat/core/schedule/decide"
import { created, evolve } from "@backbeat/core/schedule/evolve"
import { planTick } from "@backbeat/core/schedule/planTick"
import type { Definition, Policy, Schedule } from "@backbeat/core/schedule/Schedule"
import type { Look, Outcome, ScheduleCommand } from "@backbeat/core/schedule/ScheduleCommand"
import type { ScheduleEvent } from "@backbeat/core/schedule/ScheduleEvent"
import { runIdOf } from "@backbeat/core/schedule/ScheduleId"
import type { Timing } from "@backbeat/core/schedule/Timing"
import * as Result from "effect/Result"
import { at, iso } from "./when.ts"

const policy: Policy = {
  missedRunPolicy: "skip",
  missedAfterMs: 300_000,
  maxCatchup: 10,
  overlap: "skip",
  maxRuns: null,
  expiresAt: null,
  afterScheduleId: null,
  retainRuns: 50
}

/** A schedule by an expression. */
export const cron = (expression: string, timezone = "UTC", jitterMs = 0): Timing => ({
  type: "cron",
  expression,
  timezone,
  jitterMs
})

/** What a schedule is, with the policy that callers get by default. */
export const definition = (timing: Timing, own: Partial<Policy> = {}): Definition => ({
  title: null,
  work: { kind: "task", payload: { script: "date -u" }, stepCount: 1, envKeys: [] },
  surroundings: { environmentKey: "e", cwd: "/", umask: 18 },
  timing,
  policy: { ...policy, ...own }
})

const owner = { sessionId: null, taskId: null, depth: 0 }

/** A new schedule. */
export const newSchedule = (made: Definition, now: number, paused = false): Schedule =>
  created(
    "s",
    {
      type: "schedule.created",
      definition: made,
      owner,
      paused,
      counting: countFrom("s", made, now)
    },
    { at: now, actor: caller }
  )

const short = (instant: number): string => iso(instant).replace(".000Z", "Z").replace(":00Z", "Z")

/** What a test reads of an event that makes a row. */
const rowOf = (event: ScheduleEvent): ReadonlyArray<string> => {
  switch (event.type) {
    case "schedule.fired":
      return [`fired ${short(event.tick)}${event.latenessMs > 0 ? ` +${event.latenessMs}` : ""}`]
    case "schedule.skipped":
    case "schedule.missed": {
      const span = event.count === 1 ? "" : `..${short(event.until)} (${event.count})`
      return [`${event.type.slice(9)} ${short(event.tick)}${span} ${event.cause.type}`]
    }
    default:
      return []
  }
}

/** A schedule, its rows, and its runs that have not ended. Runs begin and end as the test says. */
export class Scenario {
  schedule: Schedule
  readonly rows: Array<string> = []
  readonly running: Array<string> = []
  readonly #fired = new Set<number>()
  /** What the schedule that it follows does. */
  predecessor: Look["predecessor"] = null
  /** What becomes of the next runs. */
  outcome: Outcome | null = null

  constructor(timing: Timing, now: string, own: Partial<Policy> = {}) {
    this.schedule = newSchedule(definition(timing, own), at(now))
  }

  get status(): string {
    return this.schedule.state.status
  }

  /** When something of it is due, as answers show it. */
  get due(): string | null {
    const { dueAt } = scheduleAggregate.index(this.schedule)
    return dueAt === null ? null : short(dueAt)
  }

  /** Gives a command at an instant. Throws when it is refused. */
  give(command: ScheduleCommand, now: string): void {
    this.#give(command, at(now))
  }

  #give(command: ScheduleCommand, now: number): void {
    const actor = command.type === "Tick" || command.type === "Recount" ? engine : caller
    for (const event of Result.getOrThrow(decide(command, this.schedule, now))) {
      this.rows.push(...rowOf(event))
      if (event.type === "schedule.fired" && !event.manual) {
        if (this.#fired.has(event.tick)) throw new Error(`${short(event.tick)} fired twice`)
        this.#fired.add(event.tick)
      }
      if (event.type === "schedule.fired") this.running.push(event.run.id)
      this.schedule = evolve(this.schedule, event, { at: now, actor })
    }
  }

  /** Changes what it is. */
  change(changes: Partial<Definition>, now: string): void {
    const { title, work, surroundings, timing, policy: kept, revision } = this.schedule
    const changed = { title, work, surroundings, timing, policy: kept, ...changes }
    this.give({ type: "Update", definition: changed, changed: Object.keys(changes), revision }, now)
  }

  /** Looks once at what is due, as an engine does. Returns whether something was. */
  #look(now: number): boolean {
    const { state } = this.schedule
    const { dueAt } = scheduleAggregate.index(this.schedule)
    if (state.status !== "active" || dueAt === null || dueAt > now) return false
    const spent = [...this.#fired].filter((tick) => tick > state.countedFrom && tick <= now)
    const look = { running: this.running, predecessor: this.predecessor, spent }
    const { fire, stop } = planTick(this.schedule, state, now, look)
    this.stopped.push(...stop)
    const run = fire === null ? null : { kind: "task", id: runIdOf("s", fire) }
    const outcome = run === null ? null : (this.outcome ?? ({ type: "started", run } as const))
    this.#give({ type: "Tick", look: { ...look, running: [...this.running] }, outcome }, now)
    return true
  }

  /** Runs that were told to stop. */
  readonly stopped: Array<string> = []

  /** Lets the engine look at an instant. */
  look(now: string): void {
    for (let rounds = 0; this.#look(at(now)); rounds++)
      if (rounds > 50) throw new Error("something stays due")
  }

  /** Lets a living engine look at each minute, from one to another. */
  live(from: string, to: string): void {
    for (let now = at(from); now <= at(to); now += 60_000) this.look(iso(now))
  }

  /** Ends the oldest run. */
  end(now: string): void {
    this.running.shift()
    const { state } = this.schedule
    if (state.status !== "active") return
    this.give({ type: "Release" }, now)
    this.look(now)
  }
}
