// Lines among events over the ends of engines: each once, whatever their order is when they are told again.
import { describe, expect, test } from "bun:test"
import { PrintedLines } from "../../src/PrintedLines.ts"

type Stream = "stdout" | "stderr"

const line = (taskId: string, stream: Stream, cursor: string, text = "x"): string =>
  JSON.stringify({
    type: "task.log.line",
    taskId,
    sequence: 3,
    timestamp: "2026-11-21T08:00:00.000Z",
    data: { stream, text, cursor }
  })

/** The frames of several engines, one after the other, as a reader sees them. */
const read = (...engines: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const lines = new PrintedLines()
  return engines.flatMap((frames) => {
    const shown = frames.filter((frame) => !lines.isPassed(frame))
    lines.note(shown)
    lines.turn()
    return shown
  })
}

describe("lines that are sent again", () => {
  const out = [
    line("a", "stdout", "c1-2-0"),
    line("a", "stdout", "c1-4-0"),
    line("a", "stdout", "c1-6-0")
  ]

  test("are skipped if they were printed", () => {
    expect(read(out.slice(0, 2), out)).toEqual(out)
    expect(read([], out.slice(0, 1), out.slice(0, 2), out)).toEqual(out)
  })

  test("are tracked separately for each output, in any order", () => {
    const one = [
      line("a", "stdout", "c1-2-0"),
      line("a", "stderr", "c1-2-2"),
      line("a", "stderr", "c1-2-4")
    ]
    const two = [
      line("a", "stdout", "c1-2-0"),
      line("a", "stdout", "c1-4-0"),
      line("a", "stderr", "c1-4-2"),
      line("a", "stderr", "c1-4-4"),
      line("a", "stderr", "c1-4-6")
    ]
    expect(read(one, two.slice(0, 2), two)).toEqual([
      ...one,
      line("a", "stdout", "c1-4-0"),
      line("a", "stderr", "c1-4-6")
    ])
  })

  test("are skipped for earlier attempts, and not for a later one", () => {
    const again = line("a", "stdout", "c2-2-0")
    expect(read(out, [...out, again], [...out, again, line("a", "stdout", "c2-4-0")])).toEqual([
      ...out,
      again,
      line("a", "stdout", "c2-4-0")
    ])
  })

  test("are tracked for each task", () => {
    const other = line("b", "stdout", "c1-2-0")
    expect(read(out, [...out, other])).toEqual([...out, other])
  })

  test("may have any text", () => {
    const odd = [
      '"data":{"stream":"stderr"',
      '"cursor":"c9-9-9"}}',
      "\u2028",
      '{"type":"task.log.line","taskId":"b"'
    ].map((text, at) => line("a", "stdout", `c1-${at + 1}-0`, text))
    expect(read(odd.slice(0, 3), odd, odd)).toEqual(odd)
  })

  test("are not events", () => {
    const event = JSON.stringify({
      type: "task.started",
      taskId: "a",
      sequence: 2,
      timestamp: "",
      data: {}
    })
    expect(read([event, ...out], [event])).toEqual([event, ...out, event])
  })
})
