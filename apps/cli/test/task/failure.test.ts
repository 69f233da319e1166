/** The ways in which a task fails, and what counts as success. */
import { describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

describe("a task that fails", () => {
  test("has its exit code or signal", async () => {
    await using rig = new Rig()
    for (const [script, wanted] of [
      [
        "exit 1",
        {
          status: "failed",
          exitCode: 1,
          signal: null,
          failure: { type: "ExitedNonZero", exitCode: 1 }
        }
      ],
      [
        "exit 255",
        { status: "failed", exitCode: 255, failure: { type: "ExitedNonZero", exitCode: 255 } }
      ],
      [
        "exit 143",
        {
          status: "failed",
          exitCode: 143,
          signal: null,
          failure: { type: "ExitedNonZero", exitCode: 143 }
        }
      ],
      [
        "kill -KILL $$",
        {
          status: "failed",
          exitCode: null,
          signal: "SIGKILL",
          failure: { type: "Signalled", signal: "SIGKILL" }
        }
      ],
      [
        "kill -SEGV $$",
        {
          status: "failed",
          exitCode: null,
          signal: "SIGSEGV",
          failure: { type: "Signalled", signal: "SIGSEGV" }
        }
      ]
    ] as const) {
      const task = await rig.task("start", { command: "/bin/sh", args: ["-c", script] }, ["--wait"])
      expect(task).toMatchObject(wanted)
    }
  })

  test("completes only with its success exit codes", async () => {
    await using rig = new Rig()
    for (const [code, successExitCodes, status] of [
      [3, [0, 3], "completed"],
      [0, [0, 3], "completed"],
      [0, [3], "failed"],
      [4, [0, 3], "failed"],
      [0, [], "failed"]
    ] as const) {
      const task = await rig.task("start", { script: `exit ${code}`, successExitCodes }, ["--wait"])
      expect(task).toMatchObject({ status, exitCode: code })
    }
  })

  test("was not spawned if its command or folder is missing or not usable", async () => {
    await using rig = new Rig()
    const at = (name: string) => join(rig.scratch, name)
    writeFileSync(at("plain"), "true")
    writeFileSync(at("lost"), "#!/nowhere/interpreter\n")
    chmodSync(at("lost"), 0o755)
    mkdirSync(at("folder"))
    for (const [payload, message] of [
      [{ command: "no-such-command" }, "command not found: no-such-command"],
      [{ command: "./absent" }, /^no such file: .*absent$/u],
      [{ command: "./plain" }, /^not executable: .*plain$/u],
      [{ command: "./folder" }, /^is a directory: .*folder$/u],
      [{ command: "./lost" }, /interpreter/u]
    ] as const) {
      const task = await rig.task("start", payload, ["--wait"])
      expect(task).toMatchObject({
        status: "failed",
        exitCode: null,
        pid: null,
        attempt: 1,
        failure: { type: "NotSpawned", message: expect.stringMatching(message) }
      })
      expect(await rig.data("why", { id: task["id"] })).toMatchObject({
        status: "failed",
        because: [{ what: expect.stringContaining("could not be started") }, {}]
      })
    }
    expect(
      await rig.task("start", { command: "/bin/sh", args: ["-c", "exit 127"] }, ["--wait"])
    ).toMatchObject({ failure: { type: "ExitedNonZero", exitCode: 127 } })
  })

  test("is rejected if it would start now in a missing folder, but not if it starts later", async () => {
    await using rig = new Rig()
    writeFileSync(join(rig.scratch, "plain"), "true")
    for (const [cwd, message] of [
      ["/nowhere/at/all", "cwd: the working directory does not exist: /nowhere/at/all"],
      ["plain", /^cwd: the working directory is not a directory: .*plain$/u]
    ] as const) {
      const refused = await rig.refusal(["start", JSON.stringify({ command: "true", cwd })])
      expect(refused).toMatchObject({
        type: "CommandInputError",
        message: expect.stringMatching(message),
        details: { path: "cwd" }
      })
    }
    await rig.data("start", { id: "done", command: "true" }, ["--wait"])
    await rig.data("start", { id: "again", command: "true" }, ["--wait"])
    const behind = { command: "true", cwd: "/nowhere/at/all", dependsOn: ["done"] }
    for (const payload of [behind, { ...behind, id: "again" }])
      expect(await rig.refusal(["start", JSON.stringify(payload)])).toMatchObject({
        type: "CommandInputError",
        details: { path: "cwd" }
      })
    expect(await rig.task("start", { ...behind, delayMs: 60_000 })).toMatchObject({
      status: "queued"
    })
    const steps = [
      { command: "mkdir", args: ["made"] },
      { command: "true", cwd: "made" }
    ]
    const made = await rig.data("pipeline create", { id: "p", steps }, ["--wait"])
    expect(made).toMatchObject({ pipeline: { status: "completed" } })
    expect(
      await rig.refusal(["pipeline", "create", JSON.stringify({ cwd: "/nowhere", steps })])
    ).toMatchObject({ message: expect.stringContaining("does not exist") })
  })

  test("finds its command on the PATH of its own environment and its own folder", async () => {
    await using rig = new Rig()
    mkdirSync(join(rig.scratch, "bin"))
    writeFileSync(join(rig.scratch, "bin", "mine"), "#!/bin/sh\necho mine\n", { mode: 0o755 })
    const PATH = `${join(rig.scratch, "bin")}:/bin:/usr/bin`
    expect(
      await rig.task("start", { id: "x", command: "mine", env: { PATH } }, ["--wait"])
    ).toMatchObject({ status: "completed" })
    expect(await rig.task("start", { command: "./mine", cwd: "bin" }, ["--wait"])).toMatchObject({
      status: "completed"
    })
    expect(await rig.task("start", { command: "mine" }, ["--wait"])).toMatchObject({
      failure: { type: "NotSpawned" }
    })
  })
})

describe("a limit", () => {
  test("of time ends an attempt and all its processes with TimedOut", async () => {
    await using rig = new Rig()
    const task = await rig.task(
      "start",
      { id: "x", script: "sleep 60 & sleep 60", timeout: 1000, gracePeriodMs: 100 },
      ["--wait"]
    )
    expect(task).toMatchObject({
      status: "failed",
      failure: { type: "TimedOut", timeout: 1000 },
      timeout: 1000
    })
    expect(Number(task["durationMs"])).toBeWithin(1000, 2500)
    expect(await rig.data("why", { id: "x" })).toMatchObject({
      because: [
        { what: "it timed out after 1000 ms" },
        { what: expect.stringContaining("timed out after 1000 ms"), actor: { kind: "limit" } },
        {},
        { what: expect.stringMatching(/^the stop ended .*sleep 60/u) }
      ]
    })
    await using other = new Rig()
    await other.data("config set", { key: "timeout", value: 1000 })
    expect(await other.task("start", { id: "y", script: "sleep 60" })).toMatchObject({
      timeout: 1000
    })
  })

  test("of silence ends an attempt with StalledOutput, but not while it writes", async () => {
    await using rig = new Rig()
    const writing = "for n in 1 2 3 4 5 6; do echo $n; sleep 0.1; done"
    await rig.data("start", [
      { id: "talks", script: writing, stallTimeoutMs: 400 },
      { id: "halts", script: `${writing}; sleep 60`, stallTimeoutMs: 400 },
      { id: "mute", script: "sleep 60", stallTimeoutMs: 200 }
    ])
    await rig.data("wait", { ids: ["talks", "halts", "mute"] })
    expect(await rig.task("status", { id: "talks" })).toMatchObject({ status: "completed" })
    expect(await rig.task("status", { id: "halts" })).toMatchObject({
      status: "failed",
      failure: { type: "StalledOutput", stallTimeout: 400 }
    })
    expect(await rig.task("status", { id: "mute" })).toMatchObject({
      status: "failed",
      failure: { type: "StalledOutput", stallTimeout: 200 }
    })
    expect(await rig.data("logs", { id: "halts" })).toMatchObject({
      lines: ["1", "2", "3", "4", "5", "6"]
    })
  })
})

describe("the restart policy", () => {
  test("opens attempts until one succeeds or maxAttempts is reached", async () => {
    await using rig = new Rig()
    const restart = { when: "on-failure", delayMs: 10, backoff: "constant", maxAttempts: 3 }
    await rig.data("start", [
      { id: "third", script: "test $BACKBEAT_ATTEMPT = 3", restart },
      { id: "never", script: "exit $BACKBEAT_ATTEMPT", restart },
      { id: "first", script: "true", restart },
      { id: "always", script: "true", restart: { ...restart, when: "always" } },
      { id: "not", script: "exit 1", restart: { ...restart, when: "never" } },
      { id: "unspawned", command: "no-such-command", restart }
    ])
    await rig.data("wait", { ids: ["third", "never", "first", "always", "not", "unspawned"] })
    for (const [id, wanted] of [
      ["third", { status: "completed", attempt: 3, restartCount: 2 }],
      ["never", { status: "failed", attempt: 3, exitCode: 3, restartCount: 2 }],
      ["first", { status: "completed", attempt: 1, restartCount: 0 }],
      ["always", { status: "completed", attempt: 3, restartCount: 2 }],
      ["not", { status: "failed", attempt: 1 }],
      ["unspawned", { status: "failed", attempt: 1, failure: { type: "NotSpawned" } }]
    ] as const) {
      expect(await rig.task("status", { id })).toMatchObject(wanted)
    }
  })

  test("waits longer each time, as its backoff says", async () => {
    await using rig = new Rig()
    const restart = { when: "on-failure", delayMs: 60, maxDelayMs: 200, maxAttempts: 4 }
    const delays = {
      constant: [60, 60, 60],
      linear: [60, 120, 180],
      exponential: [60, 120, 200]
    } as const
    const kinds = ["constant", "linear", "exponential"] as const
    await rig.data(
      "start",
      kinds.map((backoff) => ({ id: backoff, command: "false", restart: { ...restart, backoff } }))
    )
    await rig.data("wait", { ids: kinds })
    for (const id of kinds) {
      const { events } = await rig.data("events", { id, types: ["task.retrying", "task.started"] })
      const [, ...rest] = Array.isArray(events) ? events : []
      for (const [index, delay] of delays[id].entries()) {
        const [retrying, started] = rest.slice(index * 2)
        const { end } = retrying.data
        const retryAt = Date.parse(retrying.data.retryAt)
        // An end has parts of a millisecond, which the answer leaves out.
        expect(Math.abs(retryAt - Date.parse(end.endedAt) - delay)).toBeLessThanOrEqual(1)
        expect(Date.parse(started.timestamp) - retryAt).toBeGreaterThanOrEqual(-1)
      }
    }
  })

  test("shows when the next attempt follows", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "x",
      script: "exit 4",
      restart: { when: "on-failure", delayMs: 600_000, maxDelayMs: 600_000 }
    })
    await rig.data("wait", { id: "x", for: "start" })
    while ((await rig.task("status", { id: "x" }))["status"] !== "retrying");
    const task = await rig.task("status", { id: "x" })
    const { retryAt } = task
    expect(task).toMatchObject({
      exitCode: 4,
      failure: { type: "ExitedNonZero" },
      retryAt: expect.any(String),
      endedAt: null
    })
    expect(await rig.data("why", { id: "x" })).toMatchObject({
      status: "retrying",
      because: [{ what: "the attempt exited with code 4" }, {}],
      next: `Attempt 2 starts at ${String(retryAt)}.`
    })
    expect(await rig.task("restart", { id: "x" })).toMatchObject({ attempt: 2 })
  })
})
