import * as Schema from "effect/Schema"
import { describe, expect, test } from "bun:test"
import { Rig } from "../Rig.ts"

const Frame = Schema.fromJsonString(
  Schema.Struct({
    type: Schema.String,
    taskId: Schema.optionalKey(Schema.String),
    sequence: Schema.Int,
    data: Schema.Struct({
      text: Schema.optionalKey(Schema.String),
      stream: Schema.optionalKey(Schema.String)
    })
  })
)
const decodeFrame = Schema.decodeUnknownSync(Frame)

/** The frames of a stream that is read as it comes. */
const framesOf = (stdout: ReadableStream<Uint8Array>) => {
  const frames: Array<typeof Frame.Type> = []
  const ended = (async () => {
    const decoder = new TextDecoder()
    let rest = ""
    for await (const chunk of stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      frames.push(...lines.map((line) => decodeFrame(line)))
    }
  })()
  return { frames, ended }
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await Bun.sleep(2)
}

describe("a stream whose engine is killed", () => {
  test("of events continues with the next engine without gaps and duplicates", async () => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", stdin: "open", script: "read word; exit 3" })
    const follower = rig.spawn(["events", '{"id":"t","follow":true}', "--stream"])
    const { frames, ended } = framesOf(follower.stdout)
    await until(() => frames.some(({ type }) => type === "task.started"))
    await rig.killEngine()
    await rig.data("send", { id: "t", eof: true })
    await rig.data("wait", { id: "t" })
    await until(() => frames.some(({ type }) => type === "task.failed"))
    await ended
    expect(await follower.exited).toBe(0)
    expect(frames.map(({ type }) => type)).toEqual([
      "task.status.snapshot",
      "task.created",
      "task.started",
      "task.failed"
    ])
  })

  test("of a pipeline's events continues without another snapshot of the pipeline", async () => {
    await using rig = new Rig()
    await rig.data("pipeline create", {
      id: "p",
      steps: [{ command: "cat", stdin: "open" }, { command: "true" }]
    })
    const follower = rig.spawn(["events", '{"pipelineId":"p","follow":true}', "--stream"])
    const { frames, ended } = framesOf(follower.stdout)
    await until(() => frames.some(({ type }) => type === "task.started"))
    await rig.endEngine()
    await rig.data("send", { id: "p.1", eof: true })
    await ended
    expect(await follower.exited).toBe(0)
    const types = frames.map(({ type }) => type)
    expect([types[0], types.at(-1)]).toEqual(["pipeline.status.snapshot", "pipeline.completed"])
    expect(types.filter((type) => type.endsWith("snapshot"))).toHaveLength(1)
    expect(new Set(frames.map(({ sequence }) => sequence)).size).toBe(frames.length)
  })

  test("of lines continues with the next engine, each line once", async () => {
    await using rig = new Rig()
    await rig.data("start", {
      id: "t",
      stdin: "open",
      script: "while read word; do echo $word; done; exit 3"
    })
    const follower = rig.spawn(["logs", '{"id":"t","follow":true}', "--stream"])
    const { frames, ended } = framesOf(follower.stdout)
    const sent: Array<string> = []
    for (let n = 0; n < 6; n++) {
      sent.push(`line${n}`)
      await rig.data("send", { id: "t", text: `line${n}\n` })
      await until(() => frames.length === sent.length)
      if (n === 1 || n === 4) await rig.killEngine()
      if (n === 3) await rig.endEngine()
    }
    await rig.data("send", { id: "t", eof: true })
    await ended
    expect(frames.map(({ data }) => data.text)).toEqual(sent)
    expect(await follower.exited).toBe(0)
  })

  test("of events with lines continues with the next engine, each frame once", async () => {
    await using rig = new Rig()
    const ids = ["a", "b"]
    // Both streams at once: a second reading may give them in another order.
    const script =
      "seq 40000 & seq 40000 >&2; wait; while read word; do echo $word; echo $word >&2; done; exit 3"
    await rig.data(
      "start",
      ids.map((id) => ({ id, stdin: "open", script }))
    )
    const follower = rig.spawn([
      "events",
      JSON.stringify({ ids, follow: true, lines: true }),
      "--stream"
    ])
    const { frames, ended } = framesOf(follower.stdout)
    await until(() => frames.length > 1000)
    await rig.killEngine()
    await until(() => frames.length > 100_000)
    await rig.endEngine()
    const sent: Array<string> = []
    for (let n = 0; n < 4; n++) {
      sent.push(`line${n}`)
      for (const id of ids) await rig.data("send", { id, text: `line${n}\n` })
      await until(() =>
        ids.every(
          (id) =>
            frames.filter(({ taskId, data }) => taskId === id && data.text === `line${n}`).length >=
            2
        )
      )
      if (n % 2 === 0) await rig.killEngine()
    }
    for (const id of ids) await rig.data("send", { id, eof: true })
    await ended
    expect([await follower.exited, await new Response(follower.stderr).text()]).toEqual([0, ""])
    const lines = [...Array.from({ length: 40_000 }, (_, index) => String(index + 1)), ...sent]
    for (const id of ids) {
      const its = frames.filter(({ taskId }) => taskId === id)
      for (const stream of ["stdout", "stderr"]) {
        expect(its.flatMap(({ data }) => (data.stream === stream ? [data.text] : []))).toEqual(
          lines
        )
      }
      const events = its.filter(({ type }) => type !== "task.log.line").map(({ type }) => type)
      expect(events).toEqual([
        "task.status.snapshot",
        "task.created",
        "task.started",
        "task.failed"
      ])
      expect(its.at(-1)?.type).toBe("task.failed")
    }
    const sequences = frames.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.toSorted((one, two) => one - two))
  }, 60_000)

  test.each([
    ["the last ones", { lines: 120_000 }, 30_001],
    ["all, and then those that come", { lines: 150_000, follow: true }, 1],
    ["those that match", { lines: 90_000, grep: "[0-46-9]$" }, 50_001]
  ])("of past lines goes on at the next one: %s", async (_, query, first) => {
    await using rig = new Rig()
    await rig.data("start", { id: "t", script: "seq 150000; seq 150000 >&2" }, ["--wait"])
    const follower = rig.spawn([
      "logs",
      JSON.stringify({ id: "t", stream: "stdout", ...query }),
      "--stream"
    ])
    const reader = follower.stdout.getReader()
    const chunks = [(await reader.read()).value ?? new Uint8Array()]
    await rig.killEngine()
    for (let part = await reader.read(); !part.done; part = await reader.read())
      chunks.push(part.value)
    expect(await follower.exited).toBe(0)
    const lines = Buffer.concat(chunks)
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => Number(decodeFrame(line).data.text))
    const all = Array.from({ length: 150_001 - first }, (__, index) => first + index)
    expect(lines).toEqual("grep" in query ? all.filter((line) => line % 10 !== 5) : all)
  })

  test("of lines of several tasks continues, each line once", async () => {
    await using rig = new Rig()
    const ids = ["a", "b"]
    await rig.data(
      "start",
      ids.map((id) => ({ id, script: "seq 20000" })),
      ["--wait"]
    )
    const follower = rig.spawn(["logs", JSON.stringify({ ids, lines: 40_000 }), "--stream"])
    const reader = follower.stdout.getReader()
    const chunks = [(await reader.read()).value ?? new Uint8Array()]
    await rig.killEngine()
    for (let part = await reader.read(); !part.done; part = await reader.read())
      chunks.push(part.value)
    expect(await follower.exited).toBe(0)
    const frames = Buffer.concat(chunks)
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => decodeFrame(line))
    const all = Array.from({ length: 20_000 }, (_, index) => String(index + 1))
    for (const id of ids)
      expect(frames.flatMap(({ taskId, data }) => (taskId === id ? [data.text] : []))).toEqual(all)
  })
})
