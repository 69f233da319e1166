/** A home on a disk without room: said clearly, and fine again when there is room. */
import { expect, test } from "bun:test"
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"
import { SmallDisk } from "../SmallDisk.ts"

/** Without the right to mount there is no small disk to be had: the test then fails, and says why. */
const diskOf = (size: string): SmallDisk => {
  const disk = new SmallDisk(size)
  expect(disk.refusal).toBe("")
  return disk
}

const mount = (args: ReadonlyArray<string>): void =>
  expect(Bun.spawnSync(["mount", ...args]).stderr.toString()).toBe("")

/** Ends when the commands of these tasks have begun: a shim that finds no room for its claim would be started later again. */
const begun = (rig: Rig, ...ids: ReadonlyArray<string>) =>
  rig.data("wait", { ids, for: { log: "up" } })

const killGroup = (pid: unknown): void => {
  expect(Bun.spawnSync(["/bin/sh", "-c", `kill -KILL -${Number(pid)}`]).exitCode).toBe(0)
}

test("a full disk is reported, and tasks continue when there is space again", async () => {
  using disk = diskOf("2m")
  await using rig = new Rig(join(disk.point, "home"))
  await rig.task("start", { id: "before", script: "echo up; cat", stdin: "open" })
  const failing = ["f1", "f2", "f3", "f4", "f5", "f6"]
  await rig.data(
    "start",
    failing.map((id) => ({ id, script: "echo up; read go; exit 3", stdin: "open" }))
  )
  await begun(rig, "before", ...failing)
  await rig.data("start", { id: "ended", script: "echo kept" }, ["--wait"])
  await disk.fillUp(rig.home)
  const refused = await rig.call([
    "start",
    JSON.stringify({ id: "during", script: "echo x", env: { BIG: "x".repeat(100_000) } })
  ])
  expect(refused).toMatchObject({
    exitCode: 1,
    stdout: "",
    document: { ok: false, command: "start", error: { type: "StoreError" } }
  })
  // What only reads works.
  expect(await rig.task("status", { id: "ended" })).toMatchObject({ status: "completed" })
  expect(await rig.data("logs", { id: "ended" })).toMatchObject({ lines: ["kept"] })
  expect(await rig.data("doctor")).toMatchObject({ status: "fail" })
  // There is room for their ends in what the store keeps for that.
  for (const id of failing) {
    expect(await rig.data("send", { id, text: "go\n" })).toMatchObject({ bytesWritten: 3 })
    expect(await rig.task("wait", { id }, ["--timeout", "20"])).toMatchObject({
      status: "failed",
      exitCode: 3
    })
  }
  disk.free()
  await rig.data("send", { id: "before", eof: true })
  expect(await rig.task("wait", { id: "before" }, ["--timeout", "10"])).toMatchObject({
    status: "completed",
    exitCode: 0,
    attempt: 1
  })
  expect(await rig.task("start", { id: "during", script: "echo x" }, ["--wait"])).toMatchObject({
    status: "completed"
  })
})

test("on a full disk stop, pipeline cancel and prune still work, so that the task that fills it can be stopped", async () => {
  using disk = diskOf("2m")
  await using rig = new Rig(join(disk.point, "home"))
  const stubborn = { script: "trap : TERM; while :; do sleep 0.05; done", gracePeriodMs: 100 }
  await rig.data("start", [
    { id: "a", command: "sleep", args: ["100"] },
    { id: "b", ...stubborn },
    { id: "old", command: "true" }
  ])
  await rig.data("pipeline create", {
    id: "p",
    tasks: [stubborn, { command: "sleep", args: ["100"] }]
  })
  await rig.task("wait", { id: "old" })
  await disk.fillUp(rig.home)
  expect(await rig.task("stop", { id: "a" })).toMatchObject({ status: "cancelled" })
  expect(await rig.data("pipeline cancel", { id: "p" })).toMatchObject({
    pipeline: { status: "cancelled" }
  })
  expect(await rig.task("stop", { id: "b" })).toMatchObject({ status: "cancelled" })
  expect(await rig.data("prune", { olderThanDays: 0, status: "completed" })).toMatchObject({
    removed: ["old"]
  })
  disk.free()
})

test("a home that has become read-only can be read, and a stop in it returns", async () => {
  using disk = diskOf("8m")
  const point = join(disk.point, "point")
  mkdirSync(point)
  await using rig = new Rig(join(point, "home"))
  await rig.data("start", { id: "l", command: "sleep", args: ["100"] })
  await rig.task("start", { id: "ended", script: "echo kept" }, ["--wait"])
  mount(["--bind", point, point])
  mount(["-o", "remount,bind,ro", point])
  try {
    expect(await rig.task("stop", { id: "l" })).toMatchObject({ status: "cancelled" })
    expect(await rig.task("status", { id: "ended" })).toMatchObject({ status: "completed" })
    expect(await rig.data("logs", { id: "ended" })).toMatchObject({ lines: ["kept"] })
    expect(await rig.data("list")).toMatchObject({ total: 2 })
    expect(await rig.task("wait", { id: "ended" })).toMatchObject({ status: "completed" })
    expect(await rig.data("doctor")).toMatchObject({ status: "fail" })
  } finally {
    mount(["-o", "remount,bind,rw", point])
    Bun.spawnSync(["umount", "-l", point])
  }
})

test("a read-only home without an engine is reported, and doctor works there", async () => {
  using disk = diskOf("8m")
  const point = join(disk.point, "point")
  mkdirSync(point)
  await using rig = new Rig(join(point, "home"))
  await rig.task("start", { id: "ended", script: "echo kept" }, ["--wait"])
  await rig.endEngine()
  mount(["--bind", point, point])
  mount(["-o", "remount,bind,ro", point])
  try {
    for (const args of [["status", "ended"], ["list"], ["logs", "ended"]])
      expect(await rig.refusal(args)).toMatchObject({
        type: "EngineUnreachable",
        message: expect.stringContaining(
          `${rig.home} cannot be used: it is on a read-only file system`
        ),
        details: { hint: expect.stringContaining("copy it") }
      })
    expect(await rig.data("doctor")).toMatchObject({
      status: "fail",
      checks: expect.arrayContaining([
        expect.objectContaining({
          name: "disk",
          status: "fail",
          message: expect.stringContaining(`${rig.home} cannot be written (EROFS`)
        }),
        expect.objectContaining({
          name: "engine",
          status: "fail",
          message: expect.stringContaining("read-only file system")
        })
      ])
    })
    // What the error says to do.
    expect(Bun.spawnSync(["cp", "-a", rig.home, `${rig.scratch}/copy`]).exitCode).toBe(0)
    await using copy = new Rig(`${rig.scratch}/copy`)
    expect(await copy.data("logs", { id: "ended" })).toMatchObject({ lines: ["kept"] })
  } finally {
    mount(["-o", "remount,bind,rw", point])
    Bun.spawnSync(["umount", "-l", point])
  }
})

test("an engine that takes over on a full disk can store the ends that happened meanwhile", async () => {
  using disk = diskOf("2m")
  await using rig = new Rig(join(disk.point, "home"))
  const script = "echo up; read go; exit 5"
  const { pid } = await rig.task("start", { id: "t", script, stdin: "open" })
  await begun(rig, "t")
  await disk.fillUp(rig.home)
  await rig.killEngine()
  await Bun.spawn(["/bin/sh", "-c", 'echo go >"$0"', join(rig.home, "tasks", "t", "1", "stdin")])
    .exited
  while (isAlive(Number(pid))) await Bun.sleep(1)
  expect(await rig.task("status", { id: "t" })).toMatchObject({ status: "failed", exitCode: 5 })
  disk.free()
})

test("the first free space is used for the ends of tasks, not for the disk reserve", async () => {
  using disk = diskOf("2m")
  await using rig = new Rig(join(disk.point, "home"))
  await rig.task("start", { id: "t", script: "echo up; read go; exit 5", stdin: "open" })
  await begun(rig, "t")
  // The next engine begins with an empty log, which an end makes longer.
  await rig.data("engine stop")
  await rig.data("list")
  await disk.fillUp(rig.home)
  rmSync(join(rig.home, "backbeat.db-reserve"))
  disk.fill()
  await rig.data("send", { id: "t", text: "go\n" })
  const failures = () =>
    readFileSync(join(rig.home, "engine.log"), "utf8").split("could not be stored").length - 1
  while (failures() < 2) await Bun.sleep(1)
  // Whoever waits for it is told what is so, and not left waiting.
  const told = await rig.refusal(["wait", "t"])
  expect(told).toMatchObject({ type: "StoreError", details: { reason: "full" } })
  expect(told.message).toContain("the command of task t has ended, but this cannot be stored")
  disk.freeSome(540_000)
  expect(await rig.task("wait", { id: "t" }, ["--timeout", "10"])).toMatchObject({
    status: "failed",
    exitCode: 5
  })
  disk.free()
})

test("a task that is killed on a full disk is reported as lost, also by an engine that takes over", async () => {
  using disk = diskOf("2m")
  await using rig = new Rig(join(disk.point, "home"))
  const { pid } = await rig.task("start", { id: "own", script: "echo up; sleep 100" })
  await begun(rig, "own")
  await disk.fillUp(rig.home)
  killGroup(pid)
  expect(await rig.task("wait", { id: "own" }, ["--timeout", "20"])).toMatchObject({
    status: "failed",
    failure: { type: "Lost" }
  })
  disk.free()
  const { pid: other } = await rig.task("start", { id: "other", script: "echo up; sleep 100" })
  await begun(rig, "other")
  await rig.killEngine()
  await rig.task("status", { id: "other" })
  await disk.fillUp(rig.home)
  killGroup(other)
  expect(await rig.task("wait", { id: "other" }, ["--timeout", "20"])).toMatchObject({
    status: "failed",
    failure: { type: "Lost" }
  })
  disk.free()
})

test("an engine that finds no disk space at its start reports it", async () => {
  using disk = diskOf("64k")
  disk.fill()
  await using rig = new Rig(join(disk.point, "home"))
  const { type, message } = await rig.refusal(["list"])
  expect(["EngineUnreachable", "StoreError"]).toContain(type)
  expect(message).toMatch(/ENOSPC|full|no space/iu)
  disk.free()
})
