import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import type { AgentReader } from "@backbeat/agents/Agent"
import { AgentOutput } from "@backbeat/engine/agent/AgentOutput"
import { textDir } from "@backbeat/engine/output/readableDir"
import { OutputFile } from "@backbeat/engine/output/OutputFile"
import type { OutputStream } from "@backbeat/engine/output/OutputStream"
import { rotate } from "@backbeat/engine/output/rotate"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "agent-output-"))
  writeFileSync(join(dir, "stdout.log"), "")
  writeFileSync(join(dir, "stderr.log"), "a warning\n")
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/**
 * A reader that prints each line in capitals, and the part after a `-` only with the next line. Its
 * state is the held back text and the number of lines it has read.
 */
const reader = (taken: Array<string> = []): AgentReader => {
  let held: string | null = null
  let count = 0
  return {
    readLine: (line) => {
      taken.push(line)
      count++
      const said = held === null ? [] : [held]
      held = line.startsWith("-") ? line.slice(1).toUpperCase() : null
      return held === null ? [...said, line.toUpperCase()] : said
    },
    hasResult: () => false,
    flush: () => (held === null ? [] : [held]),
    saveState: () => `${count} ${held ?? "nothing"}`,
    restoreState: (kept) => {
      const [, lines, rest] = /^(\d+) (.*)$/su.exec(kept) ?? []
      if (lines === undefined || rest === undefined) return false
      count = Number(lines)
      held = rest === "nothing" ? null : rest
      return true
    },
    finish: () => {
      throw new Error("not asked")
    }
  }
}

const unlimited = 1_073_741_824
const append = (text: string | Uint8Array): void => appendFileSync(join(dir, "stdout.log"), text)
const said = (): string => readFileSync(join(textDir(dir), "stdout.log"), "utf8")
const run = Effect.runPromise

describe("the output of an agent", () => {
  test("is read line by line as it grows; an incomplete line is read after its newline or at the end", async () => {
    const output = new AgentOutput(dir, reader(), unlimited)
    append("one\ntwo\nthr")
    await run(output.catchUp)
    expect(said()).toBe("ONE\nTWO\n")
    append("ee\n-four\nfive")
    await run(output.catchUp)
    expect(said()).toBe("ONE\nTWO\nTHREE\n")
    await run(output.finish)
    expect(said()).toBe("ONE\nTWO\nTHREE\nFOUR\nFIVE\n")
  })

  test("is written once by the engine that takes over after the last one was killed in the middle of a line", async () => {
    append("one\n-two\nthree\n")
    await run(new AgentOutput(dir, reader(), unlimited).catchUp)
    const before = said()
    writeFileSync(join(textDir(dir), "stdout.log"), before.slice(0, 6))
    append("four\n")
    await run(new AgentOutput(dir, reader(), unlimited).finish)
    expect(said()).toBe("ONE\nTWO\nTHREE\nFOUR\n")
  })

  test("is parsed the same wherever its chunks are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", maxLength: 300 }),
        fc.array(fc.nat(40), { maxLength: 20 }),
        async (text, cuts) => {
          writeFileSync(join(dir, "stdout.log"), "")
          rmSync(textDir(dir), { recursive: true, force: true })
          const taken: Array<string> = []
          const output = new AgentOutput(dir, reader(taken), unlimited)
          let rest = Buffer.from(text)
          for (const cut of cuts) {
            append(rest.subarray(0, cut))
            rest = rest.subarray(cut)
            await run(output.catchUp)
          }
          append(rest)
          await run(output.finish)
          const lines = text.split("\n")
          expect(taken).toEqual(lines.at(-1) === "" ? lines.slice(0, -1) : lines)
        }
      ),
      { numRuns: 50 }
    )
  })

  test("may contain lines longer than any buffer", async () => {
    const taken: Array<string> = []
    const output = new AgentOutput(dir, reader(taken), unlimited)
    append(`${"x".repeat(1_000_000)}\n`)
    append(`${"y".repeat(20_000_000)}\nlast\n`)
    await run(output.finish)
    expect(taken.map(({ length }) => length)).toEqual([1_000_000, 0, 4])
  })

  test("is finished once, and not read twice by two concurrent catchUp calls", async () => {
    const taken: Array<string> = []
    const output = new AgentOutput(dir, reader(taken), unlimited)
    append("one\ntwo\n")
    await run(
      Effect.all([output.catchUp, output.finish, output.catchUp, output.finish], {
        concurrency: "unbounded"
      })
    )
    expect(taken).toEqual(["one", "two"])
  })

  test("is stored beside the events, readable by the owner only, with the same standard error", () => {
    expect(new AgentOutput(dir, reader(), unlimited)).toBeDefined()
    expect(statSync(textDir(dir)).mode & 0o777).toBe(0o700)
    expect(statSync(join(textDir(dir), "stderr.log")).ino).toBe(
      statSync(join(dir, "stderr.log")).ino
    )
    expect(new AgentOutput(dir, reader(), unlimited)).toBeDefined()
  })
})

/** The bytes of a stream that were not dropped, and the offset of the first. */
const kept = (of: string, stream: OutputStream) => {
  const file = new OutputFile(of, stream)
  const bytes = Buffer.alloc(file.end - file.keptFrom)
  file.read(file.keptFrom, bytes)
  file.close()
  return { from: file.keptFrom, text: bytes.toString("utf8") }
}

const numbered = (from: number, to: number): string =>
  Array.from(
    { length: to - from },
    (_, index) => `line ${String(from + index).padStart(9, "0")}\n`
  ).join("")

describe("the output of an agent that prints more than its limit", () => {
  const maxOutputBytes = 4096

  test("has its text and its events rotated within the limit, and keeps the last text", async () => {
    const output = new AgentOutput(dir, reader(), maxOutputBytes)
    append(numbered(0, 100_000))
    await run(output.catchUp)
    append("the end")
    await run(output.finish)
    const text = kept(textDir(dir), "stdout")
    expect(Buffer.byteLength(text.text)).toBeLessThanOrEqual(maxOutputBytes)
    expect(text.text).toEndWith("LINE 000099999\nTHE END\n")
    expect(Buffer.byteLength(kept(dir, "stdout").text)).toBeLessThanOrEqual(maxOutputBytes)
    expect(statSync(join(textDir(dir), "stdout.log")).blocks * 512).toBeLessThanOrEqual(
      maxOutputBytes + 8192
    )
  })

  test.each(["hole", "copy"] as const)(
    "has every event read before it goes, also one that is larger than the limit: %s",
    async (method) => {
      const taken: Array<string> = []
      const output = new AgentOutput(dir, reader(taken), maxOutputBytes)
      for (let round = 0; round < 20; round++) {
        append(`${"x".repeat(10_000 + round)}\n${"y".repeat(round)}`)
        rotate({ dir, maxOutputBytes, method })
        await run(output.catchUp)
        append("\n")
        rotate({ dir, maxOutputBytes, method })
      }
      await run(output.finish)
      expect(taken.map(({ length }) => length)).toEqual(
        Array.from({ length: 20 }, (_, round) => [10_000 + round, round]).flat()
      )
    }
  )

  test("shows the same gaps in its standard error in both folders", async () => {
    const output = new AgentOutput(dir, reader(), maxOutputBytes)
    appendFileSync(join(dir, "stderr.log"), "€".repeat(30_000))
    rotate({ dir, maxOutputBytes })
    run(output.catchUp)
    const shown = kept(textDir(dir), "stderr")
    expect(shown).toEqual(kept(dir, "stderr"))
    expect(shown.text).toMatch(/^€+$/u)
    await run(output.finish)
    expect(kept(dir, "stderr")).toEqual(shown)
  })

  test("is continued by one engine after the other, and each line is written once", async () => {
    const line = fc
      .string({ unit: "grapheme", maxLength: 40, size: "max" })
      .map((text) => text.replaceAll(/[\n\0]/gu, ""))
    const round = fc.record({
      lines: fc.array(line, { maxLength: 150, size: "max" }),
      torn: line,
      isKilled: fc.boolean(),
      before: fc.boolean()
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(round, { minLength: 4, maxLength: 8, size: "max" }),
        async (rounds) => {
          rmSync(dir, { recursive: true, force: true })
          mkdirSync(dir)
          append("")
          let own = reader()
          let output = new AgentOutput(dir, own, maxOutputBytes)
          let all = ""
          for (const { lines, torn, isKilled, before } of rounds) {
            const text = lines.map((each) => `${each}\n`).join("") + torn
            all += text
            append(text)
            if (before) await run(output.catchUp)
            rotate({ dir, maxOutputBytes })
            if (isKilled) {
              own = reader()
              output = new AgentOutput(dir, own, maxOutputBytes)
            }
            await run(output.catchUp)
          }
          await run(output.finish)
          expect(Number(own.saveState().split(" ")[0])).toBe(
            all.split("\n").length - (all.endsWith("\n") || all === "" ? 1 : 0)
          )
          await run(new AgentOutput(dir, reader(), maxOutputBytes).finish)
          const whole = Buffer.from(textOf(all))
          const left = kept(textDir(dir), "stdout")
          expect(left.text).toBe(whole.subarray(left.from).toString("utf8"))
          expect(left.from + Buffer.byteLength(left.text)).toBe(whole.length)
        }
      ),
      { numRuns: 100 }
    )
  })
})

describe("an engine that continues the output of an agent", () => {
  test("does not parse the rest of a line that is too long as an event", async () => {
    append(`first\n${"x".repeat(17_000_000)}`)
    await run(new AgentOutput(dir, reader(), 4096).catchUp)
    append("torn\nlast\n")
    const taken: Array<string> = []
    await run(new AgentOutput(dir, reader(taken), 4096).finish)
    expect(taken).toEqual(["", "last"])
    expect(said().replaceAll("\0", "")).toBe("FIRST\n\nLAST\n")
  })

  test("continues after the existing text when the saved state cannot be read", async () => {
    append(numbered(0, 1000))
    await run(new AgentOutput(dir, reader(), 4096).catchUp)
    writeFileSync(join(dir, "told"), "{")
    append("last\n")
    const taken: Array<string> = []
    await run(new AgentOutput(dir, reader(taken), 4096).finish)
    expect(taken).toEqual(["last"])
    expect(kept(textDir(dir), "stdout").text).toEndWith("LINE 000000999\nLAST\n")
  })

  test("drops no events when it cannot save the state of their reader", async () => {
    mkdirSync(join(dir, "told.next"))
    append(numbered(0, 1000))
    await run(new AgentOutput(dir, reader(), 4096).catchUp)
    expect(kept(dir, "stdout").from).toBe(0)
    expect(readdirSync(dir)).not.toContain("told")
  })
})

/** The lines of an output that is read from beginning to end. */
const textOf = (all: string): string => {
  const own = reader()
  const lines = all.split("\n")
  if (lines.at(-1) === "") lines.pop()
  return [...lines.flatMap(own.readLine), ...own.flush()].map((each) => `${each}\n`).join("")
}
