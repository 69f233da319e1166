/** What a task's environment holds, and that nobody else hears of it. */
import { describe, expect, test } from "bun:test"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  watch,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { Rig } from "../Rig.ts"

const variablesOf = async (rig: Rig, id: string): Promise<Readonly<Record<string, string>>> => {
  const { lines } = await rig.data("logs", { id, lines: 1000 })
  const pairs = (Array.isArray(lines) ? lines : []).map((line) => String(line).split("="))
  return Object.fromEntries(pairs.map(([name = "", ...value]) => [name, value.join("=")]))
}

const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

describe("a task's environment", () => {
  test("is that of the caller without its session variables, plus the given variables", async () => {
    await using rig = new Rig()
    const marks = [
      "CLAUDECODE",
      "CLAUDE_CODE_SESSION_ID",
      "CLAUDE_PID",
      "CODEX_THREAD_ID",
      "CODEX_SESSION_ID",
      "CODEX_SANDBOX_NETWORK_DISABLED",
      "OPENCODE",
      "OPENCODE_PID",
      "GEMINI_CLI"
    ]
    const kept = {
      CLAUDE_CONFIG_DIR: "/config",
      CLAUDE_CODE_OAUTH_TOKEN: "token",
      MINE: "a=b",
      EMPTY: "",
      GIVEN: "callers"
    }
    const env = { ...Object.fromEntries(marks.map((name) => [name, "marked"])), ...kept }
    await rig.call(["start", '{"id":"x","command":"env","env":{"GIVEN":"own"}}', "--wait"], { env })
    const got = await variablesOf(rig, "x")
    expect(got).toMatchObject({
      ...kept,
      GIVEN: "own",
      BACKBEAT_HOME: rig.home,
      BACKBEAT_TASK_ID: "x",
      BACKBEAT_ATTEMPT: "1"
    })
    expect(Object.keys(got).filter((name) => marks.includes(name))).toEqual([])
    expect(await rig.task("status", { id: "x" })).toMatchObject({
      envKeys: ["GIVEN"],
      owner: { sessionId: "marked", taskId: null }
    })
  })

  test("is only the given variables with inheritEnv false", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      { id: "x", command: "/usr/bin/env", inheritEnv: false, env: { ONLY: "this" } },
      ["--wait"]
    )
    const { PWD: _, SHLVL: __, _: ___, ...got } = await variablesOf(rig, "x")
    expect(got).toEqual({
      ONLY: "this",
      BACKBEAT_HOME: rig.home,
      BACKBEAT_HOME_ID: expect.stringMatching(/^[0-9a-f]{32}$/u),
      BACKBEAT_TASK_ID: "x",
      BACKBEAT_ATTEMPT: "1"
    })
  })

  test("is never shown, and stored only in a file that its owner can read", async () => {
    await using rig = new Rig()
    const given = "s3cret-of-the-payload"
    const inherited = "s3cret-of-the-caller"
    const answers = [
      await rig.call(
        [
          "start",
          JSON.stringify({
            id: "x",
            script: "exit 1",
            env: { GIVEN: given },
            restart: { when: "on-failure", maxAttempts: 2, delayMs: 1 }
          }),
          "--wait"
        ],
        { env: { INHERITED: inherited } }
      ),
      await rig.call(
        ["plan", JSON.stringify({ payload: { command: "true", env: { GIVEN: given } } })],
        { env: { INHERITED: inherited } }
      ),
      await rig.call(["start", JSON.stringify({ comand: "true", env: { GIVEN: given } })], {
        env: { INHERITED: inherited }
      }),
      await rig.call(["start", JSON.stringify({ command: "true", env: { GIVEN: `${given}\0` } })])
    ]
    for (const [operation, payload] of [
      ["status", { id: "x" }],
      ["list", { full: true }],
      ["events", {}],
      ["why", { id: "x" }],
      ["logs", { id: "x" }],
      ["doctor", {}]
    ] as const) {
      answers.push(await rig.call([operation, JSON.stringify(payload)]))
    }
    answers.push(await rig.call(["events", "{}", "--stream"]))
    for (const { stdout, stderr } of answers) {
      expect(stdout + stderr).not.toContain(given)
      expect(stdout + stderr).not.toContain(inherited)
    }
    await rig.data("engine stop")
    const holders = filesBelow(rig.home).filter((path) =>
      /s3cret-of/u.test(readFileSync(path, "latin1"))
    )
    const own = join(rig.home, "tasks", "x", "environment.json")
    expect(holders).toContain(own)
    // Its other name, by which tasks with the same environment would find it.
    expect(holders.map((path) => statSync(path).ino)).toEqual(Array(2).fill(statSync(own).ino))
    for (const path of holders) expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(rig.home).mode & 0o777).toBe(0o700)
  })

  test("is stored for restarts, and deleted at the end with forgetEnv", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "kept", script: 'echo "got $A"', env: { A: "one" } }, ["--wait"])
    await rig.data("restart", { id: "kept" }, ["--wait"])
    expect(await rig.data("logs", { id: "kept" })).toMatchObject({ lines: ["got one"] })
    await rig.data(
      "start",
      { id: "gone", script: 'echo "got $A"', env: { A: "two" }, forgetEnv: true },
      ["--wait"]
    )
    expect(await rig.data("logs", { id: "gone" })).toMatchObject({ lines: ["got two"] })
    expect(
      ["environments", join("tasks", "gone")]
        .flatMap((name) => filesBelow(join(rig.home, name)))
        .some((path) => readFileSync(path, "latin1").includes('two"'))
    ).toBe(false)
    expect(await rig.task("restart", { id: "gone" }, ["--wait"])).toMatchObject({
      status: "failed",
      failure: { type: "NotSpawned", message: "its environment was deleted (forgetEnv)" }
    })
  })

  test("does not change when a restart with another environment is rejected", async () => {
    await using rig = new Rig()
    const payload = { id: "x", script: 'echo "got $A"' }
    await rig.data("start", { ...payload, env: { A: "first" }, delayMs: 400 })
    const refused = await rig.refusal([
      "start",
      JSON.stringify({ ...payload, env: { A: "second" }, ifRunning: "restart" })
    ])
    expect(refused).toMatchObject({ type: "IllegalTransition" })
    await rig.data("wait", { id: "x" })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["got first"] })
  })

  test("does not come from the caller that started the engine", async () => {
    await using rig = new Rig()
    await rig.call(["start", '{"id":"first","command":"true"}', "--wait"], { env: { FIRST: "1" } })
    await rig.call(["start", '{"id":"second","command":"env"}', "--wait"], { env: { SECOND: "2" } })
    const got = await variablesOf(rig, "second")
    expect(got).toMatchObject({ SECOND: "2" })
    expect(got).not.toHaveProperty("FIRST")
  })
})

test("the environment of a request takes effect when the request is committed", async () => {
  await using rig = new Rig()
  const start = (what: string) =>
    rig.call(["start", '{"id":"x","script":"echo $WHAT"}', "--wait"], { env: { WHAT: what } })
  const said = async () => (await rig.data("logs", { id: "x" }))["lines"]
  await start("one")
  // What an engine leaves that is killed before its commit.
  writeFileSync(join(rig.home, "tasks", "x", "environment.nobody.json"), '{"WHAT":"never stored"}')
  await rig.killEngine()
  await rig.task("restart", { id: "x" }, ["--wait"])
  expect(await said()).toEqual(["one"])
  await start("two")
  expect(await said()).toEqual(["two"])
  await rig.killEngine()
  await rig.task("restart", { id: "x" }, ["--wait"])
  expect(await said()).toEqual(["two"])
})

/** What is left of a call for a new task, and of one for a task that is there. */
const leave = (rig: Rig): ReadonlyArray<string> => {
  const paths = [
    join(rig.home, "tasks", "ghost", "environment.json"),
    join(rig.home, "tasks", "x", "environment.killed#0.json")
  ]
  mkdirSync(join(rig.home, "tasks", "ghost"), { mode: 0o700 })
  for (const path of paths) writeFileSync(path, '{"SECRET":"s"}', { mode: 0o600 })
  return paths
}
const echoing = { id: "x", script: 'echo "got $A"', env: { A: "own" } }

/** Makes calls that clear, and waits until nothing of the paths is there. */
const untilGone = async (
  paths: ReadonlyArray<string>,
  calls: () => Promise<unknown>
): Promise<void> => {
  const areGone = () => paths.every((path) => !existsSync(path))
  const gone = Promise.withResolvers<void>()
  const watchers = [...new Set(paths.map(dirname))].map((dir) =>
    watch(dir, () => areGone() && gone.resolve())
  )
  await calls()
  if (!areGone()) await gone.promise
  for (const watcher of watchers) watcher.close()
}

describe("the environment of a call whose engine was killed before its commit", () => {
  test("is removed by prune, which counts its bytes but does not list it, and not by a dry run", async () => {
    await using rig = new Rig()
    await rig.data("list")
    await rig.endEngine()
    const first = join(rig.home, "tasks", "first")
    mkdirSync(first, { recursive: true, mode: 0o700 })
    // What an engine clears when it begins is past.
    await untilGone([first], () => rig.data("list"))
    await rig.data("start", echoing, ["--wait"])
    const paths = leave(rig)
    expect(await rig.data("prune", { dryRun: true })).toMatchObject({
      removed: [],
      freedBytes: 0,
      dryRun: true
    })
    expect(paths.map((path) => existsSync(path))).toEqual([true, true])
    const pruned = await rig.data("prune")
    expect(pruned).toMatchObject({ removed: [], dryRun: false })
    expect(Number(pruned["freedBytes"])).toBeGreaterThanOrEqual(1024)
    expect(paths.map((path) => existsSync(path))).toEqual([false, false])
    expect(readdirSync(join(rig.home, "tasks"))).toEqual(["x"])
    expect(await rig.data("prune")).toMatchObject({ freedBytes: 0 })
    await rig.data("restart", { id: "x" }, ["--wait"])
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["got own"] })
  })

  test("is removed by the next full prune, even if a killed prune has left the output of an ended task", async () => {
    await using rig = new Rig()
    await rig.data("start", { command: "true" }, ["--wait"])
    const left = join(rig.home, "tasks", "left")
    mkdirSync(join(left, "1"), { recursive: true })
    writeFileSync(join(left, "environment.json"), '{"TOKEN":"secret"}')
    expect(await rig.data("prune", { olderThanDays: 1 })).toMatchObject({ freedBytes: 0 })
    expect(existsSync(left)).toBe(true)
    await rig.data("prune", { olderThanDays: 0 })
    expect(existsSync(left)).toBe(false)
  })

  test("is removed when the next engine starts", async () => {
    await using rig = new Rig()
    await rig.data("start", echoing, ["--wait"])
    await rig.killEngine()
    const paths = leave(rig)
    await untilGone([join(rig.home, "tasks", "ghost"), ...paths], () => rig.data("list"))
    expect(readdirSync(join(rig.home, "tasks"))).toEqual(["x"])
  })
})
