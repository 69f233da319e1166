/** Reading what a task wrote. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { Rig } from "../Rig.ts"

const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

const ended = async (
  script: string,
  more: Readonly<Record<string, unknown>> = {}
): Promise<Rig> => {
  const rig = new Rig()
  await rig.task("start", { id: "x", script, ...more }, ["--wait"])
  return rig
}

describe("logs", () => {
  test("returns the newest lines, the total number, and a cursor", async () => {
    await using rig = await ended("seq 250")
    const lines = Array.from({ length: 100 }, (_, index) => String(index + 151))
    expect(await rig.data("logs", { id: "x" })).toEqual({
      taskId: "x",
      totalLines: 250,
      shownLines: 100,
      hasMore: true,
      lines,
      cursor: expect.any(String)
    })
    expect(await rig.data("logs", { id: "x", lines: 2 })).toMatchObject({
      lines: ["249", "250"],
      shownLines: 2
    })
    expect(await rig.data("logs", { id: "x", lines: 0 })).toMatchObject({
      lines: [],
      shownLines: 0,
      totalLines: 250
    })
    expect(await rig.data("logs", { id: "x", lines: 1000 })).toMatchObject({
      shownLines: 250
    })
  })

  test("shows both streams or one of them", async () => {
    await using rig = await ended("echo one; sleep 0.15; echo two >&2; sleep 0.15; echo three")
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["one", "two", "three"] })
    expect(await rig.data("logs", { id: "x", stream: "stdout" })).toMatchObject({
      lines: ["one", "three"]
    })
    expect(await rig.data("logs", { id: "x", stream: "stderr" })).toMatchObject({
      lines: ["two"],
      totalLines: 1
    })
    const { lines } = await rig.data("logs", { id: "x", timestamps: true })
    expect(lines).toEqual(
      [
        ["stdout", "one"],
        ["stderr", "two"],
        ["stdout", "three"]
      ].map(([stream, text]) => ({
        stream,
        text,
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u)
      }))
    )
  })

  test("continues from a cursor without gaps and duplicates", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "cat", stdin: "open" })
    let since = String((await rig.data("logs", { id: "x" }))["cursor"])
    const seen: Array<unknown> = []
    for (let round = 0; round < 5; round++) {
      await rig.data("send", { id: "x", text: `${round}a\n${round}b\n${round}c\n` })
      await rig.data("wait", { id: "x", for: { log: `${round}c` } })
      for (let hasMore: unknown = true; hasMore === true;) {
        const page = await rig.data("logs", { id: "x", since, lines: 2 })
        seen.push(...listOf(page["lines"]))
        hasMore = page["hasMore"]
        since = String(page["cursor"])
      }
    }
    expect(seen).toEqual(
      [0, 1, 2, 3, 4].flatMap((round) => ["a", "b", "c"].map((letter) => `${round}${letter}`))
    )
    expect(await rig.data("logs", { id: "x", since })).toMatchObject({
      lines: [],
      shownLines: 0,
      cursor: since
    })
    for (const wrong of ["nonsense", "c9-0-0", "c1-999999-0", "c1--1-0"]) {
      expect(await rig.refusal(["logs", JSON.stringify({ id: "x", since: wrong })])).toMatchObject({
        type: "CommandInputError",
        details: { path: "since" }
      })
    }
  })

  test("finds lines with their context", async () => {
    await using rig = await ended("seq 20")
    expect(await rig.data("logs", { id: "x", grep: "^1?5$" })).toMatchObject({ lines: ["5", "15"] })
    expect(await rig.data("logs", { id: "x", grep: "^(5|7)$", context: 1 })).toMatchObject({
      totalLines: 2,
      shownLines: 2,
      lines: ["4", "5", "6", "7", "8"]
    })
    expect(await rig.data("logs", { id: "x", grep: "none" })).toMatchObject({ lines: [] })
    expect(await rig.refusal(["logs", '{"id":"x","grep":"("}'])).toMatchObject({
      type: "CommandInputError",
      message: "grep: Invalid regular expression: missing )",
      details: { path: "grep" }
    })
    expect(await rig.refusal(["logs", '{"id":"x","since":"zz"}'])).toMatchObject({
      message: "since: invalid cursor: zz"
    })
    expect(await rig.refusal(["wait", '{"id":"x","for":{"log":"("}}'])).toMatchObject({
      message: "for.log: Invalid regular expression: missing )"
    })
  })

  test("rejects fields without effect", async () => {
    await using rig = await ended("seq 3")
    for (const flags of [[], ["--output", "inline"]]) {
      expect(await rig.refusal(["logs", '{"id":"x","follow":true}', ...flags])).toMatchObject({
        type: "CommandInputError",
        message: "follow: requires --stream",
        details: { path: "follow" }
      })
    }
    for (const flags of [[], ["--stream"]]) {
      expect(await rig.refusal(["logs", '{"id":"x","context":2}', ...flags])).toMatchObject({
        message: "context: requires grep",
        details: { path: "context" }
      })
    }
    expect(await rig.data("logs", { id: "x", follow: false, grep: "2", context: 0 })).toMatchObject(
      { lines: ["2"] }
    )
    expect(
      await rig.refusal(["logs", '{"id":"x","follow":true,"grep":"2","context":1}', "--stream"])
    ).toMatchObject({ message: "context: cannot be combined with follow" })
    const { stdout } = await rig.call(["logs", '{"id":"x","grep":"2","context":1}', "--stream"])
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => "cursor" in JSON.parse(line).data)
    ).toEqual([false, false, true])
  })

  test("reads each attempt separately", async () => {
    await using rig = await ended("echo attempt $BACKBEAT_ATTEMPT")
    await rig.task("restart", { id: "x" }, ["--wait"])
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: ["attempt 2"] })
    expect(await rig.data("logs", { id: "x", attempt: 1 })).toMatchObject({ lines: ["attempt 1"] })
    expect(await rig.refusal(["logs", '{"id":"x","attempt":3}'])).toMatchObject({
      type: "CommandInputError",
      details: { path: "attempt", hint: "The last attempt is 2." }
    })
    expect(await rig.refusal(["logs", "none"])).toMatchObject({ type: "TaskNotFound" })
    await rig.data("start", { id: "later", command: "true", delayMs: 600_000 })
    expect(await rig.data("logs", { id: "later" })).toMatchObject({ lines: [], totalLines: 0 })
  })

  test("accepts any output: bytes that are not UTF-8, progress bars, colors, no last newline", async () => {
    await using rig = await ended(
      String.raw`printf 'a\377b\n10%%\r50%%\r100%%\n\033[31mred\033[0m\n\n\303\274n\303\257\nend'`
    )
    const plain = ["a\ufffdb", "100%", "red", "", "ünï", "end"]
    expect(await rig.data("logs", { id: "x" })).toMatchObject({ lines: plain, totalLines: 6 })
    expect(await rig.data("logs", { id: "x", ansi: true })).toMatchObject({
      lines: plain.with(2, "\u001b[31mred\u001b[0m")
    })
    const { logs } = await rig.task("status", { id: "x" })
    expect(logs).toMatchObject({ stdoutBytes: 40, stderrBytes: 0 })
    const { stdoutPath } = Object(logs)
    expect(readFileSync(stdoutPath).includes(0xff)).toBe(true)
  })
})

describe("a large log", () => {
  test("becomes a summary with a complete artifact", async () => {
    await using rig = await ended("seq 412")
    const answer = await rig.data("logs", { id: "x", lines: 50 }, ["--output", "artifact"])
    expect(answer).toEqual({
      kind: "summary+artifact",
      summary: "Showing 50 of 412 log lines for x.",
      inline: expect.objectContaining({ taskId: "x", totalLines: 412 }),
      artifact: {
        key: "task.x.logs",
        label: expect.any(String),
        kind: expect.any(String),
        absolute_path: expect.stringContaining(rig.home),
        relative_path: expect.any(String),
        size_bytes: expect.any(Number),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u)
      }
    })
    expect(
      Object.keys(
        Object(
          await rig
            .data("logs", { id: "x" }, ["--output=artifact"])
            .then(({ artifact }) => artifact)
        )
      )
    ).toEqual([
      "key",
      "label",
      "kind",
      "absolute_path",
      "relative_path",
      "size_bytes",
      "created_at"
    ])
    const { artifact } = await rig.data("logs", { id: "x" }, ["--output=artifact"])
    const { absolute_path: path, size_bytes: size } = Object(artifact)
    const text = readFileSync(path, "utf8")
    expect(text).toBe(`${Array.from({ length: 412 }, (_, index) => index + 1).join("\n")}\n`)
    expect(size).toBe(text.length)
    const long = await ended(
      `i=0; while [ $i -lt 400 ]; do printf '%01000d\\n' $i; i=$((i+1)); done`
    )
    await using other = long
    expect(await other.data("logs", { id: "x", lines: 400 })).toMatchObject({
      kind: "summary+artifact",
      summary: "Showing 400 of 400 log lines for x."
    })
    expect(await other.data("logs", { id: "x", lines: 400 }, ["--output", "inline"])).toMatchObject(
      { shownLines: 400 }
    )
  })

  test("is complete in its artifact, even if several callers request it at once", async () => {
    await using rig = await ended("seq 100000")
    const wholeBytes = 588_895
    const fives = Array.from({ length: 10_000 }, (_, index) => `${index * 10 + 5}\n`).join(
      ""
    ).length
    const sizes = await Promise.all(
      ["5$", "", "5$", ""].map(async (grep) => {
        const { artifact } = await rig.data("logs", { id: "x", ...(grep === "" ? {} : { grep }) }, [
          "--output",
          "artifact"
        ])
        return Object(artifact).size_bytes
      })
    )
    expect(sizes).toEqual([fives, wholeBytes, fives, wholeBytes])
    const { artifact } = await rig.data("logs", { id: "x" }, ["--output", "artifact"])
    const text = readFileSync(Object(artifact).absolute_path, "utf8")
    expect([text.length, text.startsWith("1\n2\n3\n"), text.endsWith("\n100000\n")]).toEqual([
      wholeBytes,
      true,
      true
    ])
  })

  test("of 300 MB is read from its end without delay", async () => {
    await using rig = await ended(
      "yes '0123456789012345678901234567890123456789' | head -c 300000000; echo; echo the end",
      { timeout: 60_000 }
    )
    await rig.data("status", { id: "x" })
    const begun = performance.now()
    expect(await rig.data("logs", { id: "x", lines: 1 })).toMatchObject({ lines: ["the end"] })
    expect(performance.now() - begun).toBeLessThan(1500)
  })

  test("keeps its newest bytes within maxOutputBytes and reports how many were dropped", async () => {
    await using rig = await ended(
      "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); [ $((i % 500)) = 0 ] && sleep 0.12; done; echo the end",
      { maxOutputBytes: 8192 }
    )
    const page = await rig.data("logs", { id: "x", lines: 100_000 })
    const lines = listOf(page["lines"])
    expect(lines.at(-1)).toBe("the end")
    expect(lines.join("\n").length).toBeLessThanOrEqual(8192)
    expect(Number(page["droppedBytes"])).toBeGreaterThan(10_000)
    const numbers = lines.slice(0, -1).map((line) => Number(String(line).split(" ")[1]))
    expect(numbers).toEqual(
      Array.from({ length: numbers.length }, (_, index) => 3000 - numbers.length + index)
    )
    for (const follow of [true, false]) {
      const { stdout } = await rig.call([
        "logs",
        JSON.stringify({ id: "x", lines: 100_000, follow }),
        "--stream"
      ])
      const dropped = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).data.droppedBytes ?? 0)
      expect([dropped[0], dropped.reduce((sum, bytes) => sum + bytes, 0)]).toEqual([
        page["droppedBytes"],
        page["droppedBytes"]
      ])
    }
  })
})

describe("logs --stream", () => {
  test("returns lines as frames, and with follow until the task's end", async () => {
    await using rig = new Rig()
    await rig.task("start", { id: "x", command: "cat", stdin: "open" })
    await rig.data("send", { id: "x", text: "before\n" })
    await rig.data("wait", { id: "x", for: { log: "before" } })
    const following = rig.call(["logs", '{"id":"x","follow":true}', "--stream"])
    for (const word of ["one", "two"]) await rig.data("send", { id: "x", text: `${word}\n` })
    await rig.data("send", { id: "x", text: "last", eof: true })
    const { exitCode, stdout, stderr } = await following
    expect([exitCode, stderr]).toEqual([0, ""])
    const frames = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(frames.map(({ data }) => data.text)).toEqual(["before", "one", "two", "last"])
    for (const frame of frames) {
      expect(frame).toEqual({
        type: "task.log.line",
        taskId: "x",
        sequence: expect.any(Number),
        timestamp: expect.stringMatching(/Z$/u),
        data: expect.objectContaining({ stream: "stdout" })
      })
    }
    const { stdout: again } = await rig.call(["logs", '{"id":"x","lines":2}', "--stream"])
    expect(
      again
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).data.text)
    ).toEqual(["two", "last"])
    const { data, sequence } = JSON.parse(again.trimEnd().split("\n").at(-1) ?? "")
    expect(await rig.data("logs", { id: "x", since: data.cursor })).toMatchObject({
      lines: []
    })
    expect(
      await rig.refusal(["logs", JSON.stringify({ id: "x", since: String(sequence) })])
    ).toMatchObject({ details: { path: "since" } })
    expect(await rig.refusal(["logs", '{"id":"none","follow":true}', "--stream"])).toMatchObject({
      type: "TaskNotFound"
    })
  })

  test("follows a task into its next attempt", async () => {
    await using rig = new Rig()
    await rig.task("start", {
      id: "x",
      script: "echo attempt $BACKBEAT_ATTEMPT; read go; exit 1",
      stdin: "open",
      restart: { when: "on-failure", delayMs: 10, maxAttempts: 2 }
    })
    const following = rig.spawn(["logs", '{"id":"x","follow":true}', "--stream"])
    const texts: Array<string> = []
    const decoder = new TextDecoder()
    for await (const chunk of following.stdout) {
      const lines = decoder.decode(chunk).trimEnd().split("\n")
      texts.push(...lines.map((line) => JSON.parse(line).data.text))
      await rig.data("send", { id: "x", text: "go\n" })
    }
    expect([texts, await following.exited]).toEqual([["attempt 1", "attempt 2"], 0])
  })

  test("continues after a line of an earlier attempt with the rest of that attempt", async () => {
    await using rig = new Rig()
    const restart = { when: "on-failure", delayMs: 10, maxAttempts: 2 }
    await rig.task(
      "start",
      { id: "x", script: "echo first; echo attempt $BACKBEAT_ATTEMPT; exit 1", restart },
      ["--wait"]
    )
    const { stdout } = await rig.call(["logs", '{"id":"x","attempt":1}', "--stream"])
    const since: unknown = JSON.parse(stdout.split("\n")[0] ?? "").data.cursor
    const { stdout: rest } = await rig.call([
      "logs",
      JSON.stringify({ id: "x", follow: true, since }),
      "--stream"
    ])
    expect(
      rest
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).data.text)
    ).toEqual(["attempt 1", "first", "attempt 2"])
  })
})
