/** Where the home is, and what it may be. */
import { describe, expect, test } from "bun:test"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"
import { binary } from "../binary.ts"

/** What a start in a home that cannot be used is told. */
const told = async (rig: Rig, env: Readonly<Record<string, string>> = {}) => {
  const problem = await rig.refusal(["start", '{"command":"true"}'], { env })
  expect(problem).toMatchObject({
    command: "start",
    details: { home: env["BACKBEAT_HOME"] ?? rig.home }
  })
  return problem
}

/** `engine status` as a user whom no database knows. */
const asNobody = (env: Readonly<Record<string, string>>) =>
  Bun.spawnSync(
    ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", binary, "engine", "status"],
    {
      cwd: "/",
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"]
    }
  )

describe("the home", () => {
  test("is from the flag, otherwise BACKBEAT_HOME, otherwise below XDG_STATE_HOME or HOME", async () => {
    await using rig = new Rig()
    const at = (name: string) => join(rig.scratch, name)
    const homeOf = async (
      args: ReadonlyArray<string>,
      env: Readonly<Record<string, string | undefined>>
    ) => {
      const { document } = await rig.call(["engine", "status", ...args], { env })
      return Object(document["data"]).home
    }
    const user = { HOME: at("user"), XDG_STATE_HOME: undefined, XDG_CONFIG_HOME: undefined }
    expect(await homeOf(["--home", at("flag")], { BACKBEAT_HOME: at("env") })).toBe(at("flag"))
    expect(await homeOf(["--home", "relative/../flag"], {})).toBe(at("flag"))
    expect(await homeOf([], { BACKBEAT_HOME: at("env") })).toBe(at("env"))
    expect(
      await homeOf([], { ...user, BACKBEAT_HOME: undefined, XDG_STATE_HOME: at("state") })
    ).toBe(at("state/backbeat"))
    expect(await homeOf([], { ...user, BACKBEAT_HOME: undefined })).toBe(
      at("user/.local/state/backbeat")
    )
    expect(await homeOf([], { ...user, BACKBEAT_HOME: "" })).toBe(at("user/.local/state/backbeat"))
    const unset = await homeOf([], { ...user, BACKBEAT_HOME: undefined, HOME: undefined })
    expect(unset).toEndWith("/.local/state/backbeat")
    expect(unset).toStartWith("/")
  })

  test("is the same in every working directory: a relative XDG folder or HOME is ignored", async () => {
    await using rig = new Rig()
    const homeIn = async (env: Readonly<Record<string, string | undefined>>, cwd = rig.scratch) => {
      const { document } = await rig.call(["engine", "status"], {
        env: { BACKBEAT_HOME: undefined, HOME: rig.scratch, ...env },
        cwd
      })
      return Object(document["data"]).home
    }
    const usual = join(rig.scratch, ".local", "state", "backbeat")
    expect(await homeIn({ XDG_STATE_HOME: "rel", XDG_CONFIG_HOME: "rel" })).toBe(usual)
    // What the user database says, which is what counts without a HOME too.
    const own = await homeIn({ XDG_STATE_HOME: undefined, HOME: undefined })
    for (const folder of ["one", "two"]) {
      const cwd = join(rig.scratch, folder)
      mkdirSync(cwd)
      expect(await homeIn({ XDG_STATE_HOME: undefined, HOME: "rel" }, cwd)).toBe(own)
      expect(readdirSync(cwd)).toEqual([])
    }
    expect(own).not.toContain(rig.scratch)
  })

  test("is not guessed for a user who is not in the user database", () => {
    const { exitCode, stderr } = asNobody({ HOME: "rel" })
    expect(exitCode).not.toBe(0)
    if (process.getuid?.() !== 0) return
    expect(JSON.parse(stderr.toString())).toMatchObject({
      command: "engine status",
      error: {
        type: "CommandInputError",
        message: expect.stringContaining(
          "HOME is not an absolute path, and user 12345 has no home"
        ),
        details: { hint: expect.stringContaining("BACKBEAT_HOME") }
      }
    })
    const state = JSON.parse(
      asNobody({
        HOME: "rel",
        XDG_STATE_HOME: "/state",
        XDG_CONFIG_HOME: "/config"
      }).stdout.toString()
    )
    expect(state).toMatchObject({ data: { home: "/state/backbeat" } })
  })

  test("may be given with a ~ that no shell has expanded", async () => {
    await using rig = new Rig()
    const home = join(rig.scratch, "bb")
    for (const [args, given] of [
      [[], "~/bb"],
      [["--home", "~/bb"], "/nowhere"],
      [[], "~"]
    ] as const) {
      const { document } = await rig.call(["engine", "status", ...args], {
        env: { HOME: rig.scratch, BACKBEAT_HOME: given }
      })
      expect(Object(document["data"]).home).toBe(given === "~" ? rig.scratch : home)
    }
    writeFileSync(join(rig.scratch, "in.txt"), "from a file")
    const started = await rig.call(
      ["start", '{"id":"x","command":"cat","cwd":"~/","stdin":{"file":"~/in.txt"}}', "--wait"],
      { env: { HOME: rig.scratch } }
    )
    expect(started.document).toMatchObject({ ok: true })
    expect(await rig.task("status", { id: "x" })).toMatchObject({ cwd: rig.scratch })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["from a file"] })
  })

  test("has its configuration in the XDG folder if it is the default home", async () => {
    await using rig = new Rig()
    const env = {
      BACKBEAT_HOME: undefined,
      HOME: rig.scratch,
      XDG_STATE_HOME: undefined,
      XDG_CONFIG_HOME: undefined
    }
    const home = join(rig.scratch, ".local", "state", "backbeat")
    try {
      const set = await rig.call(["config", "set", '{"key":"maxDepth","value":3}'], { env })
      expect(set.document).toMatchObject({
        data: { path: join(rig.scratch, ".config", "backbeat", "config.json") }
      })
      expect(statSync(join(rig.scratch, ".config", "backbeat", "config.json")).mode & 0o777).toBe(
        0o600
      )
    } finally {
      await rig.call(["engine", "stop"], { env })
      expect(existsSync(join(home, "backbeat.db"))).toBe(true)
    }
  })

  test("may have a path of 200 characters with blanks, quotes and umlauts", async () => {
    await using outer = new Rig()
    mkdirSync(join(outer.scratch, "x".repeat(100)))
    await using rig = new Rig(join(outer.scratch, "x".repeat(100), `a b'"$ü${"y".repeat(80)}`))
    expect(
      await rig.task("start", { id: "x", script: 'echo "$BACKBEAT_HOME"' }, ["--wait"])
    ).toMatchObject({ status: "completed" })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: [rig.home] })
    expect(rig.home.length).toBeGreaterThan(200)
    expect(await rig.data("doctor")).toMatchObject({
      checks: expect.arrayContaining([expect.objectContaining({ name: "socket", status: "ok" })])
    })
    await rig.killEngine()
    expect(await rig.task("status", { id: "x" })).toMatchObject({ status: "completed" })
  })

  test("is private, and made private if it was not", async () => {
    await using rig = new Rig()
    mkdirSync(rig.home, { mode: 0o755 })
    chmodSync(rig.home, 0o755)
    await rig.data("start", { id: "x", script: "echo secret", env: { A: "1" } }, ["--wait"])
    expect(statSync(rig.home).mode & 0o777).toBe(0o700)
    for (const name of ["backbeat.db", "engine.log", "engine.json", "engine.lock"]) {
      expect([name, statSync(join(rig.home, name)).mode & 0o077]).toEqual([name, 0])
    }
  })

  test("may be reached by two names", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", script: "sleep 60" })
    symlinkSync(rig.home, join(rig.scratch, "link"))
    const { document } = await rig.call(["status", "x", "--home", join(rig.scratch, "link")])
    expect(document).toMatchObject({ ok: true, data: { task: { status: "running" } } })
    const linked = await rig.call(["engine", "status", "--home", join(rig.scratch, "link")])
    expect(Object(linked.document["data"]).pid).toBe(await rig.enginePid())
  })
})

describe("a home that cannot be used", () => {
  test("is reported if a file is in its place", async () => {
    await using rig = new Rig("/dev/null/home")
    expect(await told(rig)).toMatchObject({
      type: "CommandInputError",
      message: expect.stringContaining("the folder /dev/null does not exist")
    })
    expect((await told(rig, { BACKBEAT_HOME: "/dev/null" })).message).toContain("/dev/null")
  })

  test("is reported if its file system is read-only", async () => {
    await using rig = new Rig("/proc/backbeat")
    expect(await told(rig)).toMatchObject({
      type: "EngineUnreachable",
      message: expect.stringContaining("the home /proc/backbeat cannot be used"),
      details: { retryable: true }
    })
    expect((await rig.call(["capabilities"])).exitCode).toBe(0)
  })

  test("is reported if it belongs to another user", async () => {
    await using rig = new Rig()
    const home = join(rig.scratch, "theirs")
    mkdirSync(home)
    // Seen from a user namespace in which we are nobody's owner, or as root after a chown: either way it is not ours.
    const owned = Bun.spawnSync(["chown", "12345", home])
    if (owned.exitCode === 0) {
      const problem = await told(rig, { BACKBEAT_HOME: home })
      expect(problem).toMatchObject({
        type: "CommandInputError",
        details: { owner: 12345, retryable: false }
      })
      expect(problem.message).toContain(
        `${home} is not a home of backbeat: it belongs to user 12345`
      )
      expect(problem.details.hint).toContain("--home")
    } else {
      expect((await told(rig, { BACKBEAT_HOME: "/root/backbeat" })).message).toContain(
        "cannot be used"
      )
    }
    expect(readdirSync(home)).toEqual([])
  })

  test("is reported if its socket belongs to another user, and nothing is sent there", async () => {
    await using rig = new Rig()
    mkdirSync(rig.home)
    const got: Array<string> = []
    using server = Bun.serve({
      unix: join(rig.home, "engine.sock"),
      fetch: async (request) => {
        got.push(await request.text())
        return new Response("{}")
      }
    })
    const owned = Bun.spawnSync(["chown", "12345", join(rig.home, "engine.sock")])
    if (owned.exitCode === 0) {
      const problem = await told(rig, { SECRET: "value-of-the-caller" })
      expect(problem.message).toBe(`the socket of the home ${rig.home} belongs to user 12345`)
      expect(problem.details.hint).toContain("--home")
      expect(got).toEqual([])
    } else {
      // Who may not give a socket away can only see that one's own is called.
      await rig.call(["start", '{"command":"true"}'])
      expect(got).toHaveLength(1)
    }
    await server.stop(true)
  })

  test("is reported for another user without rights", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "true" }, ["--wait"])
    const other = Bun.spawnSync(
      ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", binary, "status", "x"],
      {
        cwd: "/",
        env: rig.environment(),
        stdio: ["ignore", "pipe", "pipe"]
      }
    )
    if (process.getuid?.() === 0) {
      expect([other.exitCode, other.stdout.toString()]).toEqual([1, ""])
      expect(JSON.parse(other.stderr.toString())).toMatchObject({
        command: "status",
        error: { type: "EngineUnreachable", message: expect.stringMatching(/EACCES|permission/iu) }
      })
    } else expect(other.exitCode).not.toBe(0)
  })
})

test("the engine's log does not contain a task's environment or output", async () => {
  await using rig = new Rig()
  await rig.data(
    "start",
    { id: "x", script: "echo words-of-the-task; exit 1", env: { A: "value-of-the-task" } },
    ["--wait"]
  )
  await rig.data("engine stop")
  expect(readFileSync(join(rig.home, "engine.log"), "utf8")).not.toMatch(/words-of|value-of/u)
})
