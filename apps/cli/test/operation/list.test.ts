/** Finding tasks again. */
import { describe, expect, test } from "bun:test"
import { post } from "../post.ts"
import { Rig } from "../Rig.ts"

const idsOf = (data: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
  Array.isArray(data["tasks"]) ? data["tasks"].map(({ id }) => String(id)) : []

describe("list", () => {
  test("filters by each of its fields", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", command: "true", tags: ["x", "y"], sessionId: "s1" }, [
      "--wait"
    ])
    await rig.data("start", { id: "b", script: "exit 1", tags: ["x"], queue: "builds" }, ["--wait"])
    const since = new Date(Date.now() + 1).toISOString()
    while (new Date().toISOString() <= since);
    await rig.call(["start", '{"id":"c","script":"sleep 60","tags":["y"]}'], {
      env: { CODEX_THREAD_ID: "s2", CLAUDE_CODE_SESSION_ID: undefined }
    })
    for (const [filter, ids] of [
      [{}, ["c", "b", "a"]],
      [{ ids: ["a", "c", "none"] }, ["c", "a"]],
      [{ status: "failed" }, ["b"]],
      [{ status: ["completed", "running"] }, ["c", "a"]],
      [{ tag: "x" }, ["b", "a"]],
      [{ tags: ["x", "y"] }, ["a"]],
      [{ tag: "y", tags: ["x"] }, ["a"]],
      [{ queue: "builds" }, ["b"]],
      [{ sessionId: "s1" }, ["a"]],
      [{ sessionId: "s2" }, ["c"]],
      [{ kind: "command" }, ["a"]],
      [{ kind: "script" }, ["c", "b"]],
      [{ since }, ["c"]],
      [{ tag: "x", status: "completed" }, ["a"]],
      [{ tag: "nobody" }, []]
    ] as const) {
      const page = await rig.data("list", filter)
      expect({ filter, ids: idsOf(page), total: page["total"], next: page["next"] }).toEqual({
        filter,
        ids: [...ids],
        total: ids.length,
        next: null
      })
    }
  })

  test("names the client of a task that another client started, like its pipeline", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "own", command: "true" }, ["--wait"])
    await post(rig, "start", { id: "others", command: "true" }, "one")
    await post(rig, "pipeline create", { id: "p", steps: ["true"] }, "two")
    await rig.data("wait", { ids: ["others", "p"] })
    const shown = async (...args: ReadonlyArray<string>) =>
      Object((await rig.call(args)).document["data"])
    const { tasks } = await shown("list", '{"ids":["own","others"]}')
    expect(tasks).toEqual([
      expect.objectContaining({ id: "others", client: "test" }),
      expect.not.objectContaining({ client: expect.anything() })
    ])
    const { pipeline } = await shown("pipeline", "get", "p")
    expect(pipeline).toMatchObject({ tasks: [{ client: "test" }] })
    expect(await rig.task("status", { id: "others" })).toMatchObject({ owner: { client: "test" } })
  })

  test("returns pages with every task once, even while more are started", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      Array.from({ length: 25 }, (_, index) => ({ id: `n${index}`, command: "true" })),
      ["--wait"]
    )
    const seen: Array<string> = []
    for (let after: unknown = undefined; after !== null;) {
      const page = await rig.data("list", { limit: 10, ...(after === undefined ? {} : { after }) })
      seen.push(...idsOf(page))
      after = page["next"]
      await rig.data("start", { id: `later${seen.length}`, command: "true" })
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `n${24 - index}`))
    for (const wrong of [{ after: "nonsense" }, { since: "yesterday" }]) {
      expect(await rig.refusal(["list", JSON.stringify(wrong)])).toMatchObject({
        command: "list",
        type: "CommandInputError"
      })
    }
  })

  test("is brief unless full is requested", async () => {
    await using rig = new Rig()
    const script = `: ${"x".repeat(200)}`
    await rig.data("start", { id: "x", script, env: { A: "1" } }, ["--wait"])
    const { tasks } = await rig.data("list", { full: false })
    expect(tasks).toEqual([
      {
        id: "x",
        status: "completed",
        what: `${script.slice(0, 119)}…`,
        exitCode: 0,
        endedAt: expect.any(String),
        durationMs: expect.any(Number)
      }
    ])
    const whole = await rig.task("status", { id: "x" })
    expect(whole).toMatchObject({ script, envKeys: ["A"], logs: { stdoutBytes: 0 } })
    expect(await rig.data("list", { ids: ["x"] })).toEqual({ total: 1, tasks: [whole], next: null })
    expect(await rig.data("list")).toEqual({
      total: 1,
      tasks: [{ ...whole, script: `${script.slice(0, 119)}…` }],
      next: null
    })
  })

  test("writes a large list to an artifact", async () => {
    await using rig = new Rig()
    const big = Array.from({ length: 20 }, (_, index) => ({
      id: `n${index}`,
      env: { [`A${"x".repeat(60_000)}`]: "1" },
      command: "true"
    }))
    await rig.call(["start", "-", "--wait", "--output", "inline"], { stdin: JSON.stringify(big) })
    const { artifact } = await rig.data("list", { full: true }, ["--output", "auto"])
    const { absolute_path: path } = Object(artifact)
    const { tasks, total } = await Bun.file(path).json()
    expect([tasks.length, total]).toEqual([20, 20])
    expect(idsOf(await rig.data("list", { full: true }, ["--output", "inline"]))).toHaveLength(20)
    expect(await rig.data("list", {}, ["--output=artifact"])).toMatchObject({
      kind: "summary+artifact"
    })
  })
})
