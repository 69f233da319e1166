import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

const printed = async (rig: Rig, args: ReadonlyArray<string>): Promise<string> => {
  const { exitCode, stderr, stdout } = await rig.call(args)
  expect([exitCode, stderr]).toEqual([0, ""])
  return stdout
}

describe("--get", () => {
  test("prints one value of the complete answer as text", async () => {
    await using rig = new Rig()
    const id = (
      await printed(rig, ["start", "--wait", "--get", "task.id", "--", "echo", "hi"])
    ).trim()
    expect(await printed(rig, ["status", id, "--get", "task.args"])).toBe("hi\n")
    expect(await printed(rig, ["logs", id, "--get", "lines"])).toBe("hi\n")
    expect(await printed(rig, ["list", "--get=tasks.id"])).toBe(`${id}\n`)
    expect(await printed(rig, ["capabilities", "--get", "inlineMaxBytes"])).toBe("20000\n")
    expect(
      await printed(rig, [
        "start",
        '[{"id":"a","command":"true"},{"id":"b","command":"true"}]',
        "--get",
        "results.id"
      ])
    ).toBe("a\nb\n")
    expect(await printed(rig, ["wait", '["a","b"]', "--get", "counts.completed"])).toBe("2\n")
    expect(await printed(rig, ["engine", "status", "--get", "running"])).toMatch(
      /^(?:true|false)\n$/u
    )
  })

  test("reads help too", async () => {
    await using rig = new Rig()
    const names = (await printed(rig, ["help", "--get", "operations.name"])).trim().split("\n")
    expect(names).toContain("pipeline create")
    const fields = await printed(rig, ["help", "start", "--get", "fields.name"])
    expect(fields.split("\n")).toContain("readyWhen")
    expect(await printed(rig, ["start", "--help", "--get", "fields.name"])).toBe(fields)
    expect(await rig.refusal(["help", "start", "--get", "nonsense"])).toMatchObject({
      type: "CommandInputError",
      message: "help was done, but its answer has no nonsense"
    })
  })

  test("reads answers that are too large to show too", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "much", script: "yes 0123456789 | head -n 40000" }, ["--wait"])
    expect(
      (await printed(rig, ["logs", '{"id":"much","lines":40000}', "--get", "lines"])).split("\n")
    ).toHaveLength(40_001)
  })

  test("of a missing value fails, and says that the call was done", async () => {
    await using rig = new Rig()
    expect(
      await rig.refusal(["start", '{"id":"a","command":"true"}', "--get", "task.ID"])
    ).toMatchObject({
      type: "CommandInputError",
      message: "start was done, but its answer has no task.ID",
      details: { done: true, hint: expect.stringMatching(/^task has id, /u) }
    })
    expect(await rig.task("status", { id: "a" })).toMatchObject({ id: "a" })
    expect(await rig.refusal(["capabilities", "--get", "x"])).toMatchObject({
      details: { done: true }
    })
    expect(await rig.refusal(["events", "--stream", "--get", "x"])).toMatchObject({
      details: { flag: "--get" }
    })
  })
})
