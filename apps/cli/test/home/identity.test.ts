/** Who a home is: found again after a move and under another spelling, and told from its copy. */
import { describe, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { isAlive } from "../processes.ts"

/** A task whose first attempt leaves a process that has closed everything and left the group; `pid` is that process. */
const leaving =
  '[ "$BACKBEAT_ATTEMPT" = 1 ] || exit 0; setsid sh -c "echo \\$\\$ >left; exec sleep 60" >/dev/null 2>&1 3>&- & while [ ! -s left ]; do sleep 0.01; done'

const pidIn = async (path: string): Promise<number> => Number(await Bun.file(path).text())

const idOf = async (home: string): Promise<unknown> => {
  const answer: unknown = await (
    await fetch("http://engine/v1/health", { unix: join(home, "engine.sock") })
  ).json()
  return Object(answer)["home"]
}

/** Copies as a person does: FIFOs are made anew. */
const copyTo = (rig: Rig, home: string): void => {
  expect(Bun.spawnSync(["cp", "-a", rig.home, home]).exitCode).toBe(0)
}

const copied = (rig: Rig): Rig => {
  const home = join(rig.scratch, "copy")
  copyTo(rig, home)
  return new Rig(home)
}

describe("a copy of a home", () => {
  test("gets a new id, marks its running tasks as lost, and does not touch their processes", async () => {
    await using rig = new Rig()
    const { pid } = await rig.task("start", {
      id: "web",
      command: "sleep",
      args: ["60"],
      restart: { when: "always", delayMs: 0 }
    })
    await rig.task("start", { id: "later", command: "true", notBefore: "2099-01-01T00:00:00Z" })
    await using copy = copied(rig)
    expect(await copy.task("status", { id: "web" })).toMatchObject({
      status: "failed",
      attempt: 1,
      failure: {
        type: "Lost",
        evidence: expect.stringContaining(`This home is a copy of ${rig.home}`)
      }
    })
    expect(await copy.task("status", { id: "later" })).toMatchObject({ status: "cancelled" })
    await copy.call(["stop", "web"])
    expect(await copy.task("restart", { id: "web" })).toMatchObject({ attempt: 2 })
    expect(await copy.task("stop", { id: "web", force: true })).toMatchObject({
      status: "cancelled"
    })
    await copy.data("prune", { olderThanDays: 0 })
    expect(isAlive(Number(pid))).toBe(true)
    expect(await rig.task("status", { id: "web" })).toMatchObject({
      status: "running",
      pid,
      attempt: 1
    })
    expect(await rig.task("status", { id: "later" })).toMatchObject({ status: "queued" })
    const [ours, theirs] = [await idOf(rig.home), await idOf(copy.home)]
    expect(ours).toMatch(/^[0-9a-f]{32}$/u)
    expect(theirs).toMatch(/^[0-9a-f]{32}$/u)
    expect(theirs).not.toBe(ours)
  })

  test("sends no notifications about tasks of the original, and deletes environments with forgetEnv", async () => {
    await using rig = new Rig()
    const told = join(rig.scratch, "told")
    await rig.task("start", {
      id: "web",
      command: "sleep",
      args: ["60"],
      forgetEnv: true,
      notify: { onEnd: true, command: `echo "$BACKBEAT_TASK_ID" >>'${told}'` }
    })
    await using copy = copied(rig)
    expect(existsSync(join(copy.home, "tasks", "web", "environment.json"))).toBe(true)
    expect(await copy.task("status", { id: "web" })).toMatchObject({ status: "failed" })
    expect(existsSync(join(copy.home, "tasks", "web", "environment.json"))).toBe(false)
    // A notice of the copy would have come before: one that is asked for now comes after it.
    await copy.task(
      "start",
      { id: "own", command: "true", notify: { onEnd: true, command: `echo own >>'${told}'` } },
      ["--wait"]
    )
    while (!existsSync(told) || !readFileSync(told, "utf8").includes("own")) await Bun.sleep(5)
    expect(readFileSync(told, "utf8")).toBe("own\n")
  })

  test("is recognized even if its engine was killed before it got an id", async () => {
    await using rig = new Rig()
    const { pid } = await rig.task("start", { id: "web", command: "sleep", args: ["60"] })
    await rig.killEngine()
    await using copy = copied(rig)
    expect(await copy.task("status", { id: "web" })).toMatchObject({ status: "failed" })
    const id = await idOf(copy.home)
    await copy.killEngine()
    expect(await copy.task("status", { id: "web" })).toMatchObject({ status: "failed" })
    expect(await idOf(copy.home)).toBe(id)
    expect(isAlive(Number(pid))).toBe(true)
  })
})

describe("a home that was moved", () => {
  test("keeps its id and its running tasks", async () => {
    await using rig = new Rig()
    const { pid } = await rig.task("start", { id: "web", command: "sleep", args: ["60"] })
    const id = await idOf(rig.home)
    await rig.data("engine stop")
    const home = join(rig.scratch, "moved")
    renameSync(rig.home, home)
    await using moved = new Rig(home)
    expect(await moved.task("status", { id: "web" })).toMatchObject({ status: "running", pid })
    expect(await idOf(home)).toBe(id)
    expect(await moved.task("stop", { id: "web", force: true })).toMatchObject({
      status: "cancelled"
    })
    expect(isAlive(Number(pid))).toBe(false)
  })

  test("records that a command was killed, whatever its success exit codes are", async () => {
    await using rig = new Rig()
    await rig.task("start", {
      id: "web",
      command: "sleep",
      args: ["60"],
      successExitCodes: [0, 143]
    })
    await rig.data("engine stop")
    const home = join(rig.scratch, "moved")
    renameSync(rig.home, home)
    await using moved = new Rig(home)
    await moved.data("send", { id: "web", signal: "SIGTERM" })
    expect(await moved.task("wait", { id: "web" })).toMatchObject({
      status: "failed",
      failure: { type: "Signalled", signal: "SIGTERM" }
    })
  })

  test("stays the same home when a backup is restored in its place", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "old", command: "true" }, ["--wait"])
    const id = await idOf(rig.home)
    await rig.data("engine stop")
    const backup = join(rig.scratch, "backup")
    copyTo(rig, backup)
    renameSync(rig.home, join(rig.scratch, "away"))
    renameSync(backup, rig.home)
    expect(await rig.task("status", { id: "old" })).toMatchObject({ status: "completed" })
    expect(await idOf(rig.home)).toBe(id)
  })
})

test("leftover processes are found under another spelling of the home", async () => {
  await using rig = new Rig()
  mkdirSync(rig.home, { mode: 0o700 })
  const link = { env: { BACKBEAT_HOME: join(rig.scratch, "link") } }
  symlinkSync(rig.home, link.env.BACKBEAT_HOME)
  await rig.call(["start", JSON.stringify({ id: "r", script: leaving }), "--wait"], link)
  const left = await pidIn(join(rig.scratch, "left"))
  expect(isAlive(left)).toBe(true)
  await rig.killEngine()
  await rig.task("restart", { id: "r" })
  expect(await rig.task("wait", { id: "r" })).toMatchObject({ status: "completed", attempt: 2 })
  expect(isAlive(left)).toBe(false)
})

test("a task started by a task under another spelling of the home is its child", async () => {
  await using rig = new Rig()
  await rig.data("list")
  const link = join(rig.scratch, "link")
  symlinkSync(rig.home, link)
  const inner = `BACKBEAT_HOME='${link}' '${process.env["BACKBEAT_BINARY"] ?? join(import.meta.dir, "..", "..", "..", "..", "dist", "backbeat")}' start '{"id":"inner","command":"true"}'`
  await rig.task("start", { id: "outer", script: inner }, ["--wait"])
  expect(await rig.task("status", { id: "inner" })).toMatchObject({ owner: { taskId: "outer" } })
})
