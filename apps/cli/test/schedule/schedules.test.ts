/** The operations on schedules, as a user calls them. */
import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, rmdirSync } from "node:fs"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { isAlive } from "../processes.ts"
import { Rig } from "../Rig.ts"

const Run = Schema.Struct({ run: Schema.Struct({ id: Schema.String }) })
const decodeRuns = Schema.decodeUnknownSync(Schema.Struct({ runs: Schema.NonEmptyArray(Run) }))
const decodeTick = Schema.decodeUnknownSync(Schema.Struct({ tick: Run }))
const answerId = (answer: unknown): string => decodeTick(answer).tick.run.id

const ended = async (pid: number): Promise<void> => {
  while (isAlive(pid)) await Bun.sleep(1)
}

const manual = { id: "s", scheduleType: "manual" }
const far = { id: "far", cronExpression: "0 0 1 1 *", script: "true" }

describe("schedule create", () => {
  test("refuses what never comes, nicknames and six fields, with the form that works", async () => {
    await using rig = new Rig()
    const refused = (cronExpression: string) =>
      rig.refusal(["schedule", "create", JSON.stringify({ cronExpression, script: "true" })])
    expect(await refused("0 0 30 2 *")).toMatchObject({
      type: "CommandInputError",
      message: expect.stringContaining("never occurs"),
      details: { path: "cronExpression" }
    })
    expect(await refused("@daily")).toMatchObject({
      try: { payload: { cronExpression: "0 0 * * *" } }
    })
    expect(await refused("*/10 0 9 * * 1-5")).toMatchObject({
      try: { payload: { cronExpression: "0 9 * * 1-5" } }
    })
    expect(await refused("0 9 * * 1\u20135")).toMatchObject({
      message: expect.stringContaining("U+2013")
    })
    expect(await rig.data("schedule list")).toMatchObject({ total: 0 })
  })

  test("refuses a time that has passed, and an unknown zone with the known one", async () => {
    await using rig = new Rig()
    const refused = (fields: object) =>
      rig.refusal(["schedule", "create", JSON.stringify({ script: "true", ...fields })])
    expect(await refused({ scheduledAt: "2020-01-01T00:00:00Z" })).toMatchObject({
      details: { path: "scheduledAt" }
    })
    expect(await refused({ cronExpression: "0 9 * * *", timezone: "Berlin" })).toMatchObject({
      try: { payload: { timezone: "Europe/Berlin" } }
    })
  })

  test("returns or replaces a schedule of its id, and makes a new one in the place of an ended one", async () => {
    await using rig = new Rig()
    await rig.data("schedule create", { ...far, maxRuns: 3 })
    expect(await rig.refusal(["schedule", "create", JSON.stringify(far)])).toMatchObject({
      type: "IllegalTransition"
    })
    expect(
      await rig.data("schedule create", { ...far, script: "false", ifExists: "return" })
    ).toMatchObject({ existing: true, differs: expect.arrayContaining(["script"]) })
    await rig.data("schedule trigger", { id: "far" }, ["--wait"])
    await rig.data("schedule cancel", { id: "far" })
    expect(await rig.data("schedule create", { ...far, full: true })).toMatchObject({
      schedule: { status: "active", revision: 1, runCount: 0 }
    })
  })

  test("shares the name space of tasks and pipelines", async () => {
    await using rig = new Rig()
    await rig.data("schedule create", far)
    expect(
      await rig.refusal(["start", JSON.stringify({ id: "far", script: "true" })])
    ).toMatchObject({ message: expect.stringContaining("is the id of a schedule") })
  })

  test("warns that no service keeps the engine, unless it runs only on request", async () => {
    await using rig = new Rig()
    expect(await rig.data("schedule create", far)).toMatchObject({
      warnings: expect.arrayContaining([expect.stringContaining("service install changes that")])
    })
    expect(await rig.data("schedule create", { ...manual, script: "true" })).not.toHaveProperty(
      "warnings"
    )
  })

  test("makes an id that operations on tasks send to the operation that shows it", async () => {
    await using rig = new Rig()
    await rig.data("schedule create", far)
    for (const operation of ["status", "why", "logs"])
      expect(await rig.refusal([operation, "far"])).toMatchObject({
        type: "TaskNotFound",
        try: { operation: "schedule get", payload: { id: "far" } },
        details: { hint: "far is a schedule, not a task." }
      })
  })

  test("makes three paused examples", async () => {
    await using rig = new Rig()
    const { schedules } = await rig.data("schedule examples")
    expect(schedules).toHaveLength(3)
    expect(await rig.data("schedule list", { status: "paused" })).toMatchObject({ total: 3 })
  })
})

describe("a run", () => {
  test("has the environment, the folder and the time limit that its schedule keeps", async () => {
    await using rig = new Rig()
    const cwd = join(rig.scratch, "work")
    mkdirSync(cwd)
    const payload = JSON.stringify({
      ...manual,
      script: 'echo "$COLOUR $OWN $PWD"',
      env: { OWN: "own" }
    })
    await rig.call(["schedule", "create", payload], { cwd, env: { COLOUR: "blue" } })
    await rig.endEngine()
    const answer = await rig.data("schedule trigger", { id: "s" }, ["--wait"])
    expect(answer).toMatchObject({ task: { status: "completed" }, tick: { manual: true } })
    const { runs } = await rig.data("schedule runs")
    expect(runs).toHaveLength(1)
    const { tasks } = await rig.data("list")
    expect(tasks).toMatchObject([{ cwd }])
    const { lines } = await rig.data("logs", { id: answerId(answer) })
    expect(lines).toEqual([`blue own ${cwd}`])
    const shown = await rig.call(["schedule", "get", "s"])
    expect(shown.stdout).not.toContain("own ")
    expect(shown.stdout).toContain('"envKeys":["OWN"]')
    expect(await rig.task("status", { id: answerId(answer) })).toMatchObject({ timeout: 1_800_000 })
  })

  test("of steps is a pipeline, which cancel ends with cancelTasks", async () => {
    await using rig = new Rig()
    await rig.data("schedule create", { ...manual, steps: ["sleep 60", "echo two"] })
    const { tick } = await rig.data("schedule trigger", { id: "s" })
    expect(tick).toMatchObject({ result: "fired", run: { kind: "pipeline" } })
    const { stopped, schedule } = await rig.data("schedule cancel", { id: "s", cancelTasks: true })
    expect([stopped, schedule]).toMatchObject([[expect.any(String)], { status: "cancelled" }])
    expect(await rig.data("pipeline list")).toMatchObject({ pipelines: [{ status: "cancelled" }] })
    expect(await rig.data("schedule delete", { id: "s" })).toEqual({ deleted: "s" })
    expect(existsSync(join(rig.home, "tasks", "s"))).toBe(false)
  })

  test("that a folder is missing for is refused, and the schedule stays active", async () => {
    await using rig = new Rig()
    const cwd = join(rig.scratch, "gone")
    mkdirSync(cwd)
    await rig.data("schedule create", { ...manual, script: "true", cwd })
    rmdirSync(cwd)
    expect(await rig.refusal(["schedule", "trigger", "s"])).toMatchObject({
      type: "CommandInputError"
    })
    expect(await rig.data("schedule get", { id: "s" })).toMatchObject({
      schedule: { status: "active" }
    })
  })

  test("in the way of another is named by its refusal under skip, and stopped under replace", async () => {
    await using rig = new Rig()
    await rig.data("schedule create", { ...manual, script: "sleep 60" })
    await rig.data("schedule trigger", { id: "s" })
    const { runs } = await rig.data("schedule runs")
    const [{ run }] = decodeRuns({ runs }).runs
    expect(await rig.refusal(["schedule", "trigger", "s"])).toMatchObject({
      message: expect.stringContaining(run.id)
    })
    await rig.data("schedule update", { id: "s", revision: 1, overlap: "replace" })
    await rig.data("schedule trigger", { id: "s" })
    expect(await rig.task("wait", { id: run.id })).toMatchObject({ status: "cancelled" })
  })
})

describe("schedule update", () => {
  test("needs the revision that is there, and gives the schedule that somebody else made", async () => {
    await using rig = new Rig()
    await rig.data("schedule create", far)
    await rig.data("schedule pause", { id: "far", reason: "holidays" })
    const stale = { id: "far", revision: 1, maxRuns: 3 }
    expect(await rig.refusal(["schedule", "update", JSON.stringify(stale)])).toMatchObject({
      type: "RevisionConflict",
      details: { revision: 2, schedule: { status: "paused", script: "true" } }
    })
    expect(await rig.data("schedule update", { ...stale, revision: 2 })).toMatchObject({
      schedule: { status: "paused", maxRuns: 3, revision: 3 }
    })
    const { schedule } = await rig.data("schedule update", {
      id: "far",
      revision: 3,
      maxRuns: null
    })
    expect(schedule).not.toHaveProperty("maxRuns")
  })
})

test("the calendar shows what comes of all schedules, in order and within its span", async () => {
  await using rig = new Rig()
  await rig.data("schedule create", { ...far, id: "b", cronExpression: "0 6 * * *" })
  await rig.data("schedule create", { ...far, id: "a", cronExpression: "0 */12 * * *" })
  await rig.data("schedule create", {
    ...far,
    id: "off",
    cronExpression: "0 7 * * *",
    paused: true
  })
  const span = { from: "2099-01-01T00:00:00Z", to: "2099-01-02T00:00:00Z" }
  expect(await rig.data("schedule upcoming", span)).toEqual({
    upcoming: [
      { scheduleId: "a", scheduledFor: "2099-01-01T00:00:00.000Z" },
      { scheduleId: "b", scheduledFor: "2099-01-01T06:00:00.000Z" },
      { scheduleId: "a", scheduledFor: "2099-01-01T12:00:00.000Z" }
    ]
  })
})

test("an active schedule keeps its engine, a paused one does not", async () => {
  await using rig = new Rig()
  await using other = new Rig()
  const env = { BACKBEAT_IDLE_EXIT_MS: "100" }
  await rig.call(["schedule", "create", JSON.stringify(far)], { env })
  const pid = await rig.engine()
  // An engine that began later and has no schedule is gone before.
  await other.call(["list"], { env })
  await ended(await other.engine())
  expect(isAlive(pid)).toBe(true)
  await rig.call(["schedule", "pause", "far"], { env })
  await ended(pid)
})
