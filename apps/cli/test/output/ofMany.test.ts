/** Output of several tasks at once, and patterns without regard to case. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

describe("logs", () => {
  test("of several tasks have the newest lines of all, each with its task", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", script: "echo one; echo two", tags: ["ci"] }, ["--wait"])
    await rig.data("start", { id: "b", script: "echo three", tags: ["ci"] }, ["--wait"])
    const both = {
      totalLines: 3,
      lines: [
        { task: "a", text: "one" },
        { task: "a", text: "two" },
        { task: "b", text: "three" }
      ]
    }
    expect(await rig.data("logs", { ids: ["a", "b"] })).toMatchObject(both)
    expect(await rig.data("logs", { tag: "ci" })).toMatchObject(both)
    const newest = await rig.data("logs", { ids: ["b", "a"], lines: 2 })
    expect(newest).toMatchObject({
      totalLines: 3,
      shownLines: 2,
      lines: [
        { task: "a", text: "two" },
        { task: "b", text: "three" }
      ],
      cursors: { a: "c1-8-0" }
    })
    expect((await rig.call(["logs", '{"tag":"ci"}', "--human"])).stdout).toBe(
      "a | one\na | two\nb | three\n"
    )
    const { stdout } = await rig.call(["logs", '{"tag":"ci"}', "--stream"])
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((frame) => /"taskId":"(\w)".*"text":"(\w+)"/u.exec(frame)?.slice(1).join(" "))
        .toSorted()
    ).toEqual(["a one", "a two", "b three"])
  })

  test("of several tasks accept no cursor of one task, and of none are rejected", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", command: "true" }, ["--wait"])
    for (const wrong of [
      { ids: ["a"], since: "c1-0-0" },
      { tag: "x", id: "a" },
      {},
      { id: "a", until: "x" }
    ]) {
      expect(await rig.refusal(["logs", JSON.stringify(wrong)])).toMatchObject({
        type: "CommandInputError"
      })
    }
    expect(await rig.refusal(["logs", '{"tag":"none"}'])).toMatchObject({ type: "TaskNotFound" })
  })

  test("report a pattern that only matches in another case", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", script: "echo An Error; echo fine" }, ["--wait"])
    expect(await rig.data("logs", { id: "a", grep: "error" })).toMatchObject({
      totalLines: 0,
      hint: expect.stringContaining("ignoreCase")
    })
    expect(await rig.data("logs", { id: "a", grep: "error", ignoreCase: true })).toMatchObject({
      lines: ["An Error"]
    })
    expect(await rig.data("logs", { id: "a", grep: "nothing" })).not.toHaveProperty("hint")
  })

  test("have the rest in a file only with an explicit --output auto", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", script: "seq 10" }, ["--wait"])
    expect(await rig.data("logs", { id: "a", lines: 2 })).toMatchObject({
      lines: ["9", "10"],
      hasMore: true
    })
    const answer = await rig.data("logs", { id: "a", lines: 2 }, ["--output", "auto"])
    expect(answer).toMatchObject({
      summary: "Showing 2 of 10 log lines for a.",
      inline: { lines: ["9", "10"] },
      artifact: { size_bytes: 21 }
    })
    expect(await rig.data("logs", { id: "a", lines: 10 }, ["--output", "auto"])).toMatchObject({
      lines: expect.any(Array)
    })
  })
})

test("list shows the last lines of each task if requested", async () => {
  await using rig = new Rig()
  await rig.data("start", { id: "bad", script: "echo start; echo fatal: no; seq 9; exit 1" }, [
    "--wait"
  ])
  await rig.data("start", { id: "good", script: "echo fine" }, ["--wait"])
  const { document } = await rig.call(["list", '{"status":"failed","lastLines":3}'])
  expect(document).toMatchObject({
    data: { total: 1, tasks: [{ id: "bad", lastLines: ["fatal: no", "...", "9"] }] }
  })
  expect(await rig.data("list", { lastLines: 1 })).toMatchObject({
    tasks: [{ lastLines: ["fine"] }, { lastLines: ["9"] }]
  })
})
