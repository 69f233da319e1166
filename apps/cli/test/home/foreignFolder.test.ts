/** A folder that holds what backbeat did not make is never taken for a home, and calls that only look make none. */
import { describe, expect, test } from "bun:test"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

const longAgo = new Date("2020-01-01T00:00:00Z")

/** Writes files that were not touched for years. */
const fill = (folder: string, names: ReadonlyArray<string>): void => {
  for (const name of names) {
    mkdirSync(join(folder, name, ".."), { recursive: true })
    writeFileSync(join(folder, name), "of the user")
  }
  for (const name of readdirSync(folder, { recursive: true }).toSorted().toReversed())
    utimesSync(join(folder, String(name)), longAgo, longAgo)
  utimesSync(folder, longAgo, longAgo)
}

const files = ["artifacts/release.tar", "reports/coverage.html", "tasks/0042/src/notes.md"]

const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile())
    .toSorted()

describe("a folder of the user", () => {
  test("is rejected as a home, however it is given, and not changed", async () => {
    await using rig = new Rig()
    const project = join(rig.scratch, "project")
    fill(project, files)
    chmodSync(project, 0o2775)
    for (const [args, env] of [
      [["--home", project], {}],
      [["--home", "."], {}],
      [[], { BACKBEAT_HOME: project }],
      [[], { BACKBEAT_HOME: "." }]
    ] as const) {
      const { type, details } = await rig.refusal(["list", ...args], { cwd: project, env })
      expect([type, details["home"], details["mode"], details.retryable]).toEqual([
        "CommandInputError",
        project,
        "2775",
        false
      ])
    }
    expect((await rig.refusal(["list"], { env: { BACKBEAT_HOME: "/" } })).type).toBe(
      "CommandInputError"
    )
    expect(filesIn(project)).toEqual(files)
    expect(statSync(project).mode & 0o7777).toBe(0o2775)
  })

  test("keeps its content if it is in a home", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "true" }, ["--wait"])
    await rig.data("engine stop")
    const kept = [...files, "artifacts/sub/file", "artifacts/x-20240101120000.json"]
    fill(rig.home, [
      ...kept,
      "artifacts/status-1700000000000.json",
      "artifacts/a b-1700000000000.log.3.draft",
      "reports/2024-01-01T00-00-00.000Z.txt"
    ])
    chmodSync(rig.home, 0o700)
    expect(await rig.data("prune", { olderThanDays: 1 })).toMatchObject({ removed: [] })
    const left = filesIn(rig.home).filter((name) => /^(artifacts|reports|tasks\/0)/u.test(name))
    expect(left).toEqual(kept.toSorted())
  })
})

describe("a call that only reads", () => {
  const looks = [["config", "path"], ["doctor"], ["engine", "status"]]

  test("creates no home", async () => {
    await using rig = new Rig()
    for (const args of looks) expect((await rig.call(args)).exitCode).toBe(0)
    expect(existsSync(rig.home)).toBe(false)
    expect(await rig.data("config path")).toEqual({
      path: join(rig.home, "config.json"),
      exists: false
    })
    expect(await rig.data("doctor")).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ name: "home", status: "ok" }),
        expect.objectContaining({ name: "store", message: "it does not exist yet" }),
        expect.objectContaining({ name: "disk" })
      ])
    })
  })

  test("does not change the mode of an open folder, but reports it", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "true" }, ["--wait"])
    await rig.data("engine stop")
    chmodSync(rig.home, 0o755)
    for (const args of looks) expect((await rig.call(args)).exitCode).toBe(0)
    expect(statSync(rig.home).mode & 0o777).toBe(0o755)
    const doctor = await rig.data("doctor")
    expect(doctor).toMatchObject({
      status: "warn",
      checks: expect.arrayContaining([expect.objectContaining({ name: "home", status: "warn" })])
    })
    await rig.data("list")
    expect(statSync(rig.home).mode & 0o777).toBe(0o700)
  })

  test("reports a folder that is not a home, and changes nothing there", async () => {
    await using rig = new Rig()
    fill(rig.home, files)
    chmodSync(rig.home, 0o755)
    for (const args of looks) expect((await rig.call(args)).exitCode).toBe(0)
    expect(await rig.data("doctor")).toMatchObject({
      status: "fail",
      checks: expect.arrayContaining([expect.objectContaining({ name: "home", status: "fail" })])
    })
    expect([statSync(rig.home).mode & 0o777, filesIn(rig.home)]).toEqual([0o755, files])
  })
})

test("a home does not inherit the setgid bit of its parent folder", async () => {
  await using rig = new Rig()
  chmodSync(rig.scratch, 0o2775)
  await rig.data("list")
  expect(statSync(rig.home).mode & 0o7777).toBe(0o700)
})
