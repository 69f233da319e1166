/** What each attempt of a task ran, and how it ended. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

describe("status with attempt", () => {
  test("shows what each attempt ran and how it ended", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "exit 3", tags: ["first"] }, ["--wait"])
    await rig.data("start", { id: "x", script: "cat", stdin: "open" })
    await rig.data("start", { id: "x", command: "true", ifRunning: "restart" }, ["--wait"])
    const of = async (attempt: number) =>
      Object((await rig.call(["status", JSON.stringify({ id: "x", attempt })])).document)["data"]
    expect(await of(1)).toMatchObject({
      task: { id: "x", status: "failed", what: "exit 3", exitCode: 3 }
    })
    expect(await of(2)).toMatchObject({
      task: { status: "cancelled", what: "cat", attempt: 2 }
    })
    expect(await of(3)).toMatchObject({
      task: { status: "completed", what: "true", attempt: 3, exitCode: 0 }
    })
    expect(await rig.task("status", { id: "x", attempt: 1 })).toMatchObject({
      script: "exit 3",
      tags: ["first"],
      attempt: 1,
      logs: { stdoutPath: expect.stringContaining("/tasks/x/1/") }
    })
    expect(await rig.data("status", [{ id: "x", attempt: 1 }, { id: "x" }])).toMatchObject({
      tasks: [
        { attempt: 1, exitCode: 3 },
        { attempt: 3, exitCode: 0 }
      ]
    })
  })

  test("shows how an attempt ended that was retried", async () => {
    await using rig = new Rig()
    const restart = { when: "on-failure", delayMs: 100, maxAttempts: 2 }
    const script = "exit $((4 - BACKBEAT_ATTEMPT))"
    await rig.data("start", { id: "x", script, restart }, ["--wait"])
    expect(await rig.task("status", { id: "x", attempt: 1 })).toMatchObject({
      status: "failed",
      exitCode: 3,
      attempt: 1,
      retryAt: null
    })
    expect(await rig.task("status", { id: "x", attempt: 2 })).toMatchObject({ exitCode: 2 })
  })

  test("names the last attempt if the requested one does not exist", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "exit 3" }, ["--wait"])
    expect(await rig.refusal(["status", '{"id":"x","attempt":2}'])).toMatchObject({
      type: "CommandInputError",
      details: { path: "attempt", hint: expect.stringContaining("1") },
      try: { operation: "status", payload: { id: "x", attempt: 1 } }
    })
    await rig.data("start", { id: "later", script: "true", delayMs: 600_000 })
    expect(await rig.refusal(["status", '{"id":"later","attempt":1}'])).toMatchObject({
      type: "CommandInputError",
      details: { path: "attempt" },
      try: { payload: { id: "later" } }
    })
    await rig.data("pipeline create", { id: "p", steps: ["true"] })
    expect(await rig.refusal(["status", '{"id":"p","attempt":1}'])).toMatchObject({
      type: "CommandInputError",
      details: { path: "attempt" }
    })
  })
})
