import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { endOfStream } from "../../src/output/endOfStream.ts"
import type { LogQuery } from "../../src/output/LogQuery.ts"
import { type LogPage, readLogs } from "./readLogs.ts"
import { renderLine, summarize } from "../../src/output/render.ts"
import { AttemptRig } from "./AttemptRig.ts"

type Asked = Partial<LogQuery> & { readonly ended?: boolean }

function query(rig: AttemptRig, asked: Asked = {}): LogQuery {
  const { ended = true, ...rest } = asked
  return { output: { attempt: 1, dir: rig.dir, ended }, lines: 100, ...rest }
}

const read = (rig: AttemptRig, asked: Asked = {}): Promise<LogPage> =>
  Effect.runPromise(readLogs(query(rig, asked)))
const refused = (rig: AttemptRig, asked: Asked) =>
  Effect.runPromise(Effect.flip(readLogs(query(rig, asked))))
const texts = (page: LogPage): string[] => page.lines.map((line) => line.text)
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`)

describe("the last lines", () => {
  test("are none without output", async () => {
    using rig = new AttemptRig()
    expect(await read(rig)).toEqual({
      lines: [],
      totalLines: 0,
      shownLines: 0,
      hasMore: false,
      cursor: "c1-0-0",
      droppedBytes: 0,
      lossPossible: false
    })
  })

  test("are none when the files of the attempt are missing", async () => {
    using rig = new AttemptRig()
    const page = await Effect.runPromise(
      readLogs({ output: { attempt: 1, dir: `${rig.dir}/none`, ended: true }, lines: 5 })
    )
    expect(page.totalLines).toBe(0)
  })

  test("are the newest, including one without newline, with the total count", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", numbered(1, 412).join("\n"))
    const page = await read(rig, { lines: 50 })
    expect(texts(page)).toEqual(numbered(363, 412))
    expect(page).toMatchObject({ totalLines: 412, shownLines: 50, hasMore: true })
    expect(summarize("bg_demo", page)).toBe("Showing 50 of 412 log lines for bg_demo.")
  })

  test("of both streams come in the order of arrival, stdout first within a sample, each with its time", async () => {
    using rig = new AttemptRig()
    let clock = Date.parse("2026-01-02T03:04:05.000Z")
    const watching = rig.watch({ now: () => (clock += 1_000) })
    rig.arrive(watching, "stderr", "first, on stderr\n")
    rig.arrive(watching, "stdout", "second\nthird\n")
    rig.append("stderr", "fifth\n")
    rig.arrive(watching, "stdout", "fourth\n")
    watching.close()
    const page = await read(rig)
    expect(texts(page)).toEqual(["first, on stderr", "second", "third", "fourth", "fifth"])
    expect(page.lines.map((line) => line.at.slice(14))).toEqual(
      page.lines.map((line) => line.at.slice(14)).toSorted((a, b) => a.localeCompare(b))
    )
    expect(page.lines[0]).toEqual({
      stream: "stderr",
      text: "first, on stderr",
      at: page.lines[0]?.at ?? ""
    })
    expect(page.lines.map((line) => renderLine(line, true))[1]).toMatch(
      /^2026-01-02T03:04:\d\d\.000Z second$/
    )
  })

  test("of both streams are the newest of both together", async () => {
    using rig = new AttemptRig()
    const watching = rig.watch()
    rig.arrive(watching, "stderr", "old 1\nold 2\nold 3\n")
    rig.arrive(watching, "stdout", "new 1\nnew 2\n")
    expect(texts(await read(rig, { lines: 3 }))).toEqual(["old 3", "new 1", "new 2"])
    expect(texts(await read(rig, { lines: 3, stream: "stderr" }))).toEqual([
      "old 1",
      "old 2",
      "old 3"
    ])
  })

  test("of a running attempt show an incomplete line with a mark, and again when it is complete", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "done\nPassword: ")
    const first = await read(rig, { ended: false })
    expect(first.lines.map(({ text, partial }) => ({ text, partial }))).toEqual([
      { text: "done", partial: undefined },
      { text: "Password: ", partial: true }
    ])
    expect(texts(await read(rig, { ended: false, since: first.cursor }))).toEqual([])
    rig.append("stdout", "***\n")
    expect(texts(await read(rig, { ended: false, since: first.cursor }))).toEqual(["Password: ***"])
  })

  test("for a checkpoint are complete lines within a limit of bytes", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "one\ntwo\nthree")
    const ask = (lines: number, maxBytes: number) =>
      Effect.runPromise(endOfStream({ dir: rig.dir, stream: "stdout", lines, maxBytes }))
    expect(await ask(2, 8_192)).toEqual(["two", "three"])
    expect(await ask(50, 10)).toEqual(["two", "three"])
    expect(await ask(50, 9)).toEqual(["three"])
    expect(await ask(50, 8_192)).toEqual(["one", "two", "three"])
  })

  test("that match are found anywhere in a line of up to 4 MiB", async () => {
    using rig = new AttemptRig()
    for (const length of [70_000, 300_000, 4_194_304 - 200_010])
      rig.append("stdout", `${"x".repeat(length)}NNNNNN${"y".repeat(200_000)}\n`)
    rig.append("stdout", `${"x".repeat(4_194_304)}NNNNNN\n`)
    const page = await read(rig, { lines: 10, grep: "NNNNNN" })
    expect(page.totalLines).toBe(3)
  })

  test("for a checkpoint contain the beginning of a last line that is too long alone", async () => {
    using rig = new AttemptRig()
    rig.append("stderr", `before\n429 ${"é".repeat(50_000)}\n`)
    const lines = await Effect.runPromise(
      endOfStream({ dir: rig.dir, stream: "stderr", lines: 50, maxBytes: 8_192 })
    )
    expect(lines).toEqual([
      expect.stringMatching(/^429 é+… \[line cut: 8128 of 100004 bytes shown\]$/u)
    ])
    expect(Buffer.byteLength(lines.join("\n"))).toBeLessThan(8_192)
  })
})

describe("reading on from a cursor", () => {
  test("returns the first lines after it and whether there are more", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", `${numbered(1, 5).join("\n")}\n`)
    const first = await read(rig, { since: "c1-0-0", lines: 3 })
    expect([texts(first), first.hasMore, first.totalLines]).toEqual([numbered(1, 3), true, 5])
    const rest = await read(rig, { since: first.cursor, lines: 3 })
    expect([texts(rest), rest.hasMore]).toEqual([numbered(4, 5), false])
    const none = await read(rig, { since: rest.cursor })
    expect([texts(none), none.hasMore, none.cursor]).toEqual([[], false, rest.cursor])
  })

  test("holds a line without newline back until it is complete or the attempt has ended", async () => {
    using rig = new AttemptRig()
    rig.append("stderr", "whole\npart")
    const first = await read(rig, { since: "c1-0-0", ended: false })
    expect(texts(first)).toEqual(["whole"])
    expect(texts(await read(rig, { since: first.cursor, ended: true }))).toEqual(["part"])
  })

  test.each(["", "12", "c0-0-0", "c1-0", "c1-0-0 ", "c1--1-0", "c1-1e3-0", "c2-0-0", "c1-1-0"])(
    "refuses the cursor %j",
    async (since) => {
      using rig = new AttemptRig()
      expect(await refused(rig, { since })).toMatchObject({
        _tag: "InvalidLogQuery",
        field: "since"
      })
    }
  )
})

describe("grep", () => {
  const lines = [
    "start",
    "error: one",
    "  at a",
    "  at b",
    "fine",
    "\u001B[31mer\u001B[0mror: two",
    "  at c",
    "end"
  ]

  test("counts and shows only matching lines, by their visible text", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", `${lines.join("\n")}\n`)
    for (const grep of ["error", "^error: (one|two)$", "error|nothing"]) {
      const page = await read(rig, { grep })
      expect([texts(page), page.totalLines, page.hasMore]).toEqual([
        ["error: one", "error: two"],
        2,
        false
      ])
    }
    const last = await read(rig, { grep: "error", lines: 1 })
    expect([texts(last), last.totalLines, last.hasMore]).toEqual([["error: two"], 2, true])
  })

  test("shows lines around a match once, and marks them", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", `${lines.join("\n")}\n`)
    const page = await read(rig, { grep: "error", context: 2 })
    expect(page.lines.map((line) => `${line.context === true ? "-" : ":"}${line.text}`)).toEqual([
      "-start",
      ":error: one",
      "-  at a",
      "-  at b",
      "-fine",
      ":error: two",
      "-  at c",
      "-end"
    ])
    expect(page).toMatchObject({ shownLines: 2, totalLines: 2 })
  })

  test("reads on from a cursor without gaps and duplicates", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", `${numbered(1, 60).join("\n")}\n`)
    rig.append("stderr", `${numbered(1, 60).join("\n")}\n`)
    const seen: string[] = []
    let page = await read(rig, { grep: "5", lines: 4, since: "c1-0-0" })
    for (; page.hasMore; page = await read(rig, { grep: "5", lines: 4, since: page.cursor }))
      seen.push(...texts(page))
    seen.push(...texts(page))
    const matching = numbered(1, 60).filter((line) => line.includes("5"))
    expect(seen).toEqual([...matching, ...matching])
    expect(page.totalLines).toBe(matching.length * 2)
  })

  test("counts a line that may still grow, but does not return it to a continuing reader", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "no\nyes\nyes, bu")
    const first = await read(rig, { grep: "yes", since: "c1-0-0", ended: false })
    expect([texts(first), first.totalLines, first.hasMore]).toEqual([["yes"], 2, false])
    rig.append("stdout", "t\n")
    const rest = await read(rig, { grep: "yes", since: first.cursor, ended: false })
    expect([texts(rest), rest.totalLines]).toEqual([["yes, but"], 2])
  })

  test("finds a plain word with an escape sequence inside", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "er\u001B[31mror\n")
    expect(texts(await read(rig, { grep: "error" }))).toEqual(["error"])
  })

  test("finds a word across the borders of skipped chunks", async () => {
    using rig = new AttemptRig()
    const filler = `${"x".repeat(99)}\n`.repeat(4_000)
    rig.append("stdout", `${filler}needle 1\n${filler}needle 2`)
    const page = await read(rig, { grep: "needle", context: 1, ended: false })
    expect(page.lines.map(({ text }) => text.slice(0, 8))).toEqual([
      "xxxxxxxx",
      "needle 1",
      "xxxxxxxx",
      "xxxxxxxx",
      "needle 2"
    ])
    expect(page.totalLines).toBe(2)
  })

  test.each(["(", "[a", "x".repeat(1_001)])("refuses the regex %#", async (grep) => {
    using rig = new AttemptRig()
    expect(await refused(rig, { grep })).toMatchObject({ _tag: "InvalidLogQuery", field: "grep" })
  })

  test.each([".*.*.*=", "^(a+)+$", "(a|aa)*b", "a*a*a*a*a*a*b"])(
    "refuses %j on a line on which it would take for ever",
    async (grep) => {
      using rig = new AttemptRig()
      rig.append("stdout", `${"a".repeat(60_000)}!\n`)
      const startedAt = performance.now()
      expect(await refused(rig, { grep })).toMatchObject({ field: "grep" })
      expect(performance.now() - startedAt).toBeLessThan(20_000)
    },
    30_000
  )
})

const timed = async <A>(ask: () => Promise<A>): Promise<readonly [answer: A, tookMs: number]> => {
  const begunAt = performance.now()
  return [await ask(), performance.now() - begunAt]
}

describe("a large file", () => {
  test("returns its last lines without reading the rest", async () => {
    using rig = new AttemptRig()
    const line = `${"0123456789".repeat(8)} ordinary\n`
    const block = Buffer.from(line.repeat(40_000))
    for (let count = 0; count < 84; count++) rig.append("stdout", block)
    rig.append("stdout", "the end\n")
    const [first, countingMs] = await timed(() => read(rig, { lines: 2 }))
    expect(first.totalLines).toBe(84 * 40_000 + 1)
    const [last, lastMs] = await timed(() =>
      Effect.runPromise(
        endOfStream({ dir: rig.dir, stream: "stdout", lines: 100, maxBytes: 1_000_000 })
      )
    )
    expect([last.length, last.at(-1)]).toEqual([100, "the end"])
    const [again, againMs] = await timed(() => read(rig, { lines: 2 }))
    expect(again.totalLines).toBe(first.totalLines)
    // The lines are counted once.
    expect(Math.max(lastMs, againMs)).toBeLessThan(countingMs / 2)
  }, 30_000)
})
