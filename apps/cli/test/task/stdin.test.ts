/** What a task reads. */
import { describe, expect, test } from "bun:test"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rig } from "../Rig.ts"

describe("standard input", () => {
  test("is empty, a text, or a file", async () => {
    await using rig = new Rig()
    writeFileSync(join(rig.scratch, "in.txt"), "of the file\n")
    const large = "0123456789".repeat(100_000)
    for (const [id, stdin, kind, lines] of [
      ["none", undefined, "null", []],
      ["text", "two\nlines", "text", ["two", "lines"]],
      ["empty", "", "text", []],
      ["file", { file: "in.txt" }, "file", ["of the file"]]
    ] as const) {
      const task = await rig.task(
        "start",
        { id, command: "cat", ...(stdin === undefined ? {} : { stdin }) },
        ["--wait"]
      )
      expect(task).toMatchObject({ status: "completed", stdin: kind })
      expect(await rig.data("logs", { id })).toMatchObject({ lines })
    }
    const counted = await rig.call(["start", "-", "--wait"], {
      stdin: JSON.stringify({ id: "large", command: "wc", args: ["-c"], stdin: large })
    })
    expect(counted.document).toMatchObject({ ok: true })
    expect(await rig.data("logs", { id: "large" })).toMatchObject({ lines: ["1000000"] })
    expect(
      await rig.task("start", { id: "absent", command: "cat", stdin: { file: "absent.txt" } }, [
        "--wait"
      ])
    ).toMatchObject({
      status: "failed",
      failure: { type: "NotSpawned", message: expect.stringContaining("absent.txt") }
    })
  })

  test("is the same after a restart", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "cat", stdin: "again" }, ["--wait"])
    await rig.task("restart", { id: "x" }, ["--wait"])
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["again"] })
  })
})

describe("send", () => {
  test("writes to an open stdin and closes it", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "cat", stdin: "open" })
    expect(await rig.data("send", { id: "x", text: "one\ntwö" })).toMatchObject({
      id: "x",
      bytesWritten: 8
    })
    await rig.data("wait", { id: "x", for: { log: "one" } })
    expect(await rig.data("send", { id: "x", text: "\nthree", eof: true })).toMatchObject({
      id: "x",
      bytesWritten: 6,
      eof: true
    })
    expect(await rig.task("wait", { id: "x" })).toMatchObject({
      status: "completed",
      stdin: "open"
    })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["one", "twö", "three"] })
  })

  test("delivers a text that is larger than a pipe, completely", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "wc", args: ["-c"], stdin: "open" })
    const sent = await rig.call(["send", "-"], {
      stdin: JSON.stringify({ id: "x", text: "x".repeat(1_000_000), eof: true })
    })
    expect(sent.document).toMatchObject({ ok: true, data: { bytesWritten: 1_000_000, eof: true } })
    await rig.task("wait", { id: "x" })
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["1000000"] })
  })

  test("sends signals to the task's group", async () => {
    await using rig = new Rig()
    await rig.task("start", {
      id: "x",
      script: "trap 'echo heard; exit 7' USR1; echo ready; while :; do sleep 0.05; done"
    })
    await rig.data("wait", { id: "x", for: { log: "ready" } })
    expect(await rig.data("send", { id: "x", signal: "SIGUSR1" })).toMatchObject({
      id: "x",
      bytesWritten: 0,
      signalled: true
    })
    expect(await rig.task("wait", { id: "x" })).toMatchObject({
      status: "failed",
      exitCode: 7,
      signal: null
    })
    expect(await rig.data("logs", { id: "x", stream: "stdout" })).toMatchObject({
      lines: ["ready", "heard"]
    })
  })

  test("is rejected with the missing path when the FIFO of a reading command was removed", async () => {
    await using rig = new Rig()
    await rig.data("start", [
      { id: "a", command: "cat", stdin: "open" },
      { id: "b", command: "cat", stdin: "open" }
    ])
    const wayOf = (id: string, name: string): string => join(rig.home, "tasks", id, "1", name)
    rmSync(wayOf("a", "eof"))
    const noEnd = await rig.refusal(["send", '{"id":"a","eof":true}'])
    expect(noEnd).toMatchObject({
      type: "IllegalTransition",
      message: `task a has no stdin any more: ${wayOf("a", "eof")} was removed`
    })
    rmSync(wayOf("b", "stdin"))
    const noText = await rig.refusal(["send", '{"id":"b","text":"x"}'])
    expect(noText).toMatchObject({
      type: "IllegalTransition",
      message: `task b has no stdin any more: ${wayOf("b", "stdin")} was removed`
    })
    expect(await rig.data("send", { id: "b", eof: true })).toMatchObject({ eof: true })
    expect(await rig.task("wait", { id: "b" })).toMatchObject({ status: "completed" })
  })

  test("is rejected if nothing can be sent", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "deaf", script: "sleep 60" })
    await rig.task("start", { id: "ended", command: "true", stdin: "open" }, ["--wait"])
    for (const [payload, type] of [
      [{ id: "none", text: "x" }, "TaskNotFound"],
      [{ id: "deaf", text: "x" }, "IllegalTransition"],
      [{ id: "deaf", eof: true }, "IllegalTransition"],
      [{ id: "deaf" }, "CommandInputError"],
      [{ id: "deaf", signal: "SIGNOPE" }, "CommandInputError"],
      [{ id: "ended", text: "x" }, "IllegalTransition"],
      [{ id: "ended", signal: "SIGTERM" }, "IllegalTransition"]
    ] as const) {
      expect(await rig.refusal(["send", JSON.stringify(payload)])).toMatchObject({
        command: "send",
        type
      })
    }
  })
})
