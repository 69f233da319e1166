import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { readdirSync, renameSync } from "node:fs"
import { join } from "node:path"
import { locateLogs, type LogQuery } from "../../src/output/LogQuery.ts"
import { allLines, pagesOf } from "../../src/output/pages.ts"
import { rotate } from "../../src/output/rotate.ts"
import { SpanList } from "../../src/output/SpanList.ts"
import { AttemptRig } from "./AttemptRig.ts"
import { readLogs } from "./readLogs.ts"

const queryOf = (rig: AttemptRig, asked: Partial<LogQuery> = {}): LogQuery => ({
  output: { attempt: 1, dir: rig.dir, ended: true },
  lines: 1_000_000,
  ...asked
})

const textsOf = async (
  rig: AttemptRig,
  asked: Partial<LogQuery> = {}
): Promise<readonly string[]> =>
  (await Effect.runPromise(readLogs(queryOf(rig, asked)))).lines.map(({ text }) => text)

const line = (number: number): string => `line ${String(number).padStart(6, "0")}`
const lineBytes = 12

const openCount = (): number => readdirSync("/dev/fd").length

const together = (stream: "stdout" | "stderr"): readonly string[] =>
  Array.from({ length: 30 }, (_, index) => `${stream} 40 ${index}`)

/** More lines of both streams than are held in memory, in a known order of arrival. */
const interleaved = (rig: AttemptRig): readonly string[] => {
  const watching = rig.watch()
  const texts: string[] = []
  for (let turn = 0; turn < 40; turn++) {
    const stream = turn % 3 === 1 ? "stderr" : "stdout"
    const more = Array.from(
      { length: 37 * (turn % 11) + 5 * turn },
      (_, index) => `${stream} ${turn} ${index}`
    )
    rig.arrive(watching, stream, more.map((text) => `${text}\n`).join(""))
    texts.push(...more)
  }
  // Within one sample the order is that of the streams.
  for (const stream of ["stderr", "stdout"] as const)
    rig.append(
      stream,
      together(stream)
        .map((text) => `${text}\n`)
        .join("")
    )
  watching.close()
  return [...texts, ...together("stdout"), ...together("stderr")]
}

describe("many lines of both streams", () => {
  test("come in their order of arrival, for any number of last lines", async () => {
    using rig = new AttemptRig()
    const texts = interleaved(rig)
    expect(texts.length).toBeGreaterThan(10_000)
    for (const lines of [
      1,
      29,
      31,
      45,
      999,
      1000,
      1001,
      2048,
      2049,
      4097,
      texts.length - 1,
      texts.length,
      texts.length + 1
    ]) {
      expect(await textsOf(rig, { lines })).toEqual(texts.slice(-lines))
    }
  })

  test("come in their order of arrival after a cursor, for any page size", async () => {
    using rig = new AttemptRig()
    const texts = interleaved(rig)
    for (const asked of [
      { lines: 777 },
      { lines: 5_000 },
      { maxBytes: 3_000 },
      { lines: 777, grep: "" },
      { maxBytes: 30_000, grep: "std" }
    ]) {
      const got: string[] = []
      for (let since = "c1-0-0", hasMore = true; hasMore;) {
        const page = await Effect.runPromise(readLogs(queryOf(rig, { ...asked, since })))
        got.push(...page.lines.map(({ text }) => text))
        hasMore = page.hasMore
        since = page.cursor
      }
      expect(got).toEqual([...texts])
    }
  })

  test("that match come as the last matches, with the lines around them in their stream", async () => {
    using rig = new AttemptRig()
    const texts = interleaved(rig)
    const matching = texts.filter((text) => /[05]$/u.test(text))
    for (const lines of [0, 1, 700, matching.length])
      expect(await textsOf(rig, { lines, grep: "[05]$" })).toEqual(
        lines === 0 ? [] : matching.slice(-lines)
      )
    const stderr = texts.filter((text) => text.startsWith("stderr"))
    const near = stderr.filter((_, index) =>
      stderr.slice(Math.max(0, index - 1), index + 2).some((text) => text.endsWith("7"))
    )
    expect(await textsOf(rig, { stream: "stderr", grep: "7$", context: 1 })).toEqual(near)
  })
})

describe("located lines", () => {
  test("are those that existed when they were located, even if more came before they are read", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "one\ntwo\nhal")
    const running = { attempt: 1, dir: rig.dir, ended: false }
    const located = await Effect.runPromise(
      locateLogs(queryOf(rig, { output: running }), { count: false })
    )
    rig.append("stdout", "f\nthree\n")
    const { lines } = await Effect.runPromise(allLines(located))
    expect(lines.map(({ partial, text }) => [text, partial])).toEqual([
      ["one", undefined],
      ["two", undefined],
      ["hal", true]
    ])
    expect(await textsOf(rig, { since: `c1-${located.next.stdout}-0` })).toEqual(["half", "three"])
  })

  test("that rotation drops before they are read are reported as lost, and none comes twice", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", Array.from({ length: 20_000 }, (_, index) => `${line(index)}\n`).join(""))
    for (const since of [undefined, "c1-0-0"]) {
      const located = await Effect.runPromise(
        locateLogs(queryOf(rig, since === undefined ? {} : { since }), { count: false })
      )
      const kept = since === undefined ? 100_000 : 50_000
      const dropped = rotate({ dir: rig.dir, maxOutputBytes: kept }).stdout
      const { lines, lostBytes } = await Effect.runPromise(allLines(located))
      expect(lines.map(({ text }) => text)).toEqual(
        Array.from({ length: lines.length }, (_, index) => line(20_000 - lines.length + index))
      )
      expect(lines.length * lineBytes).toBeLessThanOrEqual(kept)
      expect(located.droppedBytes + lostBytes).toBe(dropped)
    }
  })

  test("fail with OutputGone when their file was removed or replaced", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", "one\ntwo\n")
    const located = await Effect.runPromise(locateLogs(queryOf(rig), { count: false }))
    const path = join(rig.dir, "stdout.log")
    renameSync(path, `${path}.away`)
    expect(await Effect.runPromise(Effect.flip(allLines(located)))).toMatchObject({
      _tag: "OutputGone",
      dir: rig.dir
    })
    rig.append("stdout", "a\nb\n")
    expect(await Effect.runPromise(Effect.flip(allLines(located)))).toMatchObject({
      _tag: "OutputGone"
    })
    renameSync(`${path}.away`, path)
    expect((await Effect.runPromise(allLines(located))).lines.map(({ text }) => text)).toEqual([
      "one",
      "two"
    ])
  })

  test("keep no file open before they are read, or after their reader stops in the middle", async () => {
    using rig = new AttemptRig()
    interleaved(rig)
    const before = openCount()
    const located = await Effect.runPromise(locateLogs(queryOf(rig), { count: false }))
    expect(openCount()).toBe(before)
    let meanwhile = 0
    const look = Stream.tap(pagesOf(located), () => Effect.sync(() => (meanwhile = openCount())))
    const pages = await Effect.runPromise(Stream.runCollect(Stream.take(look, 2)))
    expect(pages.map(({ isLast, lines }) => [lines.length, isLast])).toEqual([
      [1000, false],
      [1000, false]
    ])
    expect([meanwhile, openCount()]).toEqual([before + 2, before])
  })

  test("come in pages of a few long lines", async () => {
    using rig = new AttemptRig()
    rig.append("stdout", `${"x".repeat(60_000)}\n`.repeat(50))
    const located = await Effect.runPromise(locateLogs(queryOf(rig), { count: false }))
    const pages = await Effect.runPromise(Stream.runCollect(pagesOf(located)))
    expect(Math.max(...pages.map(({ lines }) => lines.length))).toBeLessThanOrEqual(6)
    expect(pages.reduce((sum, { lines }) => sum + lines.length, 0)).toBe(50)
  })
})

describe("a list of line positions", () => {
  test("keeps the newest up to its limit", () => {
    for (const limit of [0, 1, 3, 255, 256, 257, 1000]) {
      const list = new SpanList(limit)
      const spans = Array.from({ length: 900 }, (_, index) => ({
        start: index * 5,
        end: index * 5 + (index === 899 ? 5 : 4),
        next: index * 5 + 5
      }))
      for (const span of spans) list.push(span)
      const held = Array.from({ length: list.count }, (_, place) => list.at(place))
      expect([held, list.at(-1), list.at(list.count)]).toEqual([
        limit === 0 ? [] : spans.slice(-limit),
        undefined,
        undefined
      ])
    }
  })
})
