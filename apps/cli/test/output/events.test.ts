/** The history: one sequence, without gap and without anything twice. */
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

const listOf = (
  value: unknown
): ReadonlyArray<{ readonly type: string; readonly taskId: string; readonly sequence: number }> =>
  Array.isArray(value) ? value : []

const framesOf = (stdout: string) =>
  listOf(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
  )

describe("events", () => {
  test("show what happened to a task, by whom and when", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "exit 2", tags: ["t"] }, ["--wait"])
    const { events, cursor } = await rig.data("events")
    expect(cursor).toBe(listOf(events).at(-1)?.sequence)
    expect(listOf(events).map(({ type }) => type)).toEqual([
      "task.created",
      "task.started",
      "task.failed"
    ])
    expect(events).toContainEqual({
      type: "task.created",
      taskId: "x",
      sequence: 1,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u),
      actor: { kind: "caller", client: "cli", pid: expect.any(Number) },
      data: { what: "exit 2", queue: "default", tags: ["t"] }
    })
    // Also inside of what happened an instant is ISO 8601.
    expect(JSON.stringify(events)).not.toMatch(/"[a-zA-Z]*At":\d/u)
    expect(events).toMatchObject([
      {},
      {},
      { data: { failure: { type: "ExitedNonZero", exitCode: 2 } } }
    ])
  })

  test("are read on from a cursor, by task, tag and type", async () => {
    await using rig = new Rig()
    await rig.data(
      "start",
      ["a", "b", "c"].map((id) => ({ id, command: "true", tags: id === "c" ? ["t"] : [] })),
      ["--wait"]
    )
    const all = listOf((await rig.data("events"))["events"])
    expect(all.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    const seen: Array<unknown> = []
    for (let since = 0; ;) {
      const page = await rig.data("events", { since, limit: 2 })
      const events = listOf(page["events"])
      if (events.length === 0) {
        expect(page["cursor"]).toBe(since)
        break
      }
      seen.push(...events)
      since = Number(page["cursor"])
    }
    expect(seen).toEqual([...all])
    const idsOf = async (payload: unknown) =>
      new Set(listOf((await rig.data("events", payload))["events"]).map(({ taskId }) => taskId))
    expect(await idsOf({ id: "a" })).toEqual(new Set(["a"]))
    expect(await idsOf({ ids: ["a", "b"] })).toEqual(new Set(["a", "b"]))
    expect(await idsOf({ tag: "t" })).toEqual(new Set(["c"]))
    expect(
      listOf((await rig.data("events", { types: ["task.completed"] }))["events"])
    ).toHaveLength(3)
    expect(await rig.refusal(["events", '{"types":["task.done"]}'])).toMatchObject({
      type: "CommandInputError",
      details: { path: "types" }
    })
    expect(await rig.refusal(["events", '{"id":"none"}'])).toMatchObject({ type: "TaskNotFound" })
    for (const field of ["follow", "lines"]) {
      expect(await rig.refusal(["events", JSON.stringify({ [field]: true })])).toMatchObject({
        type: "CommandInputError",
        details: { path: field }
      })
    }
  })

  test("stream completely and in order until all named tasks have ended", async () => {
    await using rig = new Rig()
    const ids = Array.from({ length: 10 }, (_, index) => `n${index}`)
    await rig.data(
      "start",
      ids.map((id) => ({ id, command: "cat", stdin: "open" }))
    )
    const following = rig.call(["events", JSON.stringify({ ids, follow: true }), "--stream"])
    for (const id of ids) await rig.data("send", { id, eof: true })
    const { exitCode, stdout, stderr } = await following
    expect([exitCode, stderr]).toEqual([0, ""])
    const frames = framesOf(stdout)
    expect(frames.slice(0, 10).map(({ type, taskId }) => [type, taskId])).toEqual(
      ids.map((id) => ["task.status.snapshot", id])
    )
    const { events } = await rig.data("events", { full: false })
    expect(frames.slice(10)).toEqual([...listOf(events)])
  })

  test("leave out empty fields, in answers and in streams, unless full is requested", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", script: "sleep 60" })
    await rig.data("pipeline create", { id: "p", steps: ["true"] }, ["--wait"])
    const streamed = async (payload: object) =>
      framesOf((await rig.call(["events", JSON.stringify(payload), "--stream"])).stdout)
    const [lean] = await streamed({ id: "x" })
    expect(Object(lean)).toEqual({
      type: "task.status.snapshot",
      taskId: "x",
      sequence: 0,
      timestamp: expect.any(String),
      data: {
        task: {
          id: "x",
          status: "running",
          what: "sleep 60",
          startedAt: expect.any(String),
          pid: expect.any(Number)
        }
      }
    })
    const [whole] = await streamed({ id: "x", full: true })
    expect(whole).toMatchObject({ data: { task: { script: "sleep 60", failure: null } } })
    const [pipeline] = await streamed({ pipelineId: "p" })
    expect(pipeline).toMatchObject({
      data: { pipeline: { id: "p", status: "completed", counts: { completed: 1 } } }
    })
    expect(JSON.stringify(pipeline)).not.toContain("null")
    const created = async (full: boolean) =>
      (await rig.data("events", { id: "x", types: ["task.created"], full }))["events"]
    expect(await created(false)).toMatchObject([{ data: { what: "sleep 60", queue: "default" } }])
    expect(JSON.stringify(await created(false))).not.toContain("tags")
    expect(await created(true)).toMatchObject([{ data: { tags: [] } }])
    expect((await rig.call(["events", '{"id":"x"}', "--get", "events.0.data.tags"])).stdout).toBe(
      "\n"
    )
  })

  test("stream from a cursor without earlier events, and end at once without follow", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", command: "true" }, ["--wait"])
    const { cursor } = await rig.data("events")
    await rig.data("start", { id: "b", command: "true" }, ["--wait"])
    const { stdout } = await rig.call(["events", JSON.stringify({ since: cursor }), "--stream"])
    expect(new Set(framesOf(stdout).map(({ taskId }) => taskId))).toEqual(new Set(["b"]))
    expect(framesOf(stdout).map(({ sequence }) => sequence)).toEqual([4, 5, 6])
  })

  test("continue from the cursor of a wait, which is a string", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "a", command: "true" })
    const { cursor: since } = await rig.data("wait", { id: "a" })
    expect(since).toBeString()
    expect(await rig.data("events", { since })).toEqual({ events: [], cursor: Number(since) })
    await rig.data("start", { id: "b", command: "true" }, ["--wait"])
    const { stdout } = await rig.call(["events", JSON.stringify({ since }), "--stream"])
    expect(framesOf(stdout).map(({ taskId, type }) => [taskId, type])).toEqual(
      ["task.created", "task.started", "task.completed"].map((type) => ["b", type])
    )
  })

  test("stream output lines too if requested", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "x", command: "cat", stdin: "open" })
    const following = rig.call(["events", '{"id":"x","follow":true,"lines":true}', "--stream"])
    await rig.data("send", { id: "x", text: "one\ntwo\n", eof: true })
    const frames = framesOf((await following).stdout)
    expect(frames.filter(({ type }) => type === "task.log.line")).toMatchObject([
      { data: { text: "one" } },
      { data: { text: "two" } }
    ])
    expect(frames.filter(({ type }) => type !== "task.log.line").map(({ type }) => type)).toEqual([
      "task.status.snapshot",
      "task.created",
      "task.started",
      "task.completed"
    ])
    expect(await rig.refusal(["events", '{"lines":true}', "--stream"])).toMatchObject({
      type: "CommandInputError"
    })
  })

  test("stream the end of a task after all its lines, in every round and attempt", async () => {
    await using rig = new Rig()
    const [rounds, count] = [20, 5000]
    const script = `read go; seq ${count}; echo last`
    for (let round = 0; round < rounds; round++) {
      const ids = [`a${round}`, `b${round}`]
      await rig.data(
        "start",
        ids.map((id) => ({ id, script, stdin: "open" }))
      )
      const following = rig.call([
        "events",
        JSON.stringify({ ids, follow: true, lines: true }),
        "--stream"
      ])
      for (const id of ids) await rig.data("send", { id, text: "go\n" })
      const frames = framesOf((await following).stdout)
      for (const id of ids) {
        const its = frames.filter(({ taskId }) => taskId === id)
        expect(its.at(-1)).toMatchObject({ type: "task.completed" })
        expect(its.filter(({ type }) => type === "task.log.line")).toHaveLength(count + 1)
      }
      // Who goes on behind any frame misses no event.
      const sequences = frames.map(({ sequence }) => sequence)
      expect(sequences).toEqual(sequences.toSorted((one, two) => one - two))
    }
    await rig.data("start", { id: "again", script: "seq 3000" }, ["--wait"])
    await rig.data("start", { id: "again", command: "cat", stdin: "open" })
    const following = rig.call(["events", '{"id":"again","follow":true,"lines":true}', "--stream"])
    await rig.data("send", { id: "again", text: "second\n", eof: true })
    const types = framesOf((await following).stdout).map(({ type }) => type)
    const ends = types.flatMap((type, at) => (type === "task.completed" ? [at] : []))
    const linesBefore = (at: number) =>
      types.slice(0, at).filter((type) => type === "task.log.line").length
    expect(ends.map(linesBefore)).toEqual([expect.any(Number), 3001])
    expect(linesBefore(ends[0] ?? 0)).toBeGreaterThanOrEqual(3000)
  }, 60_000)
})
