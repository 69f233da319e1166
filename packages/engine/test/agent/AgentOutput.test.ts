import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import type { AgentReader } from "@backbeat/agents/Agent"
import { AgentOutput, textDir } from "@backbeat/engine/agent/AgentOutput"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "agent-output-"))
  writeFileSync(join(dir, "stdout.log"), "")
  writeFileSync(join(dir, "stderr.log"), "a warning\n")
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Says each line in capitals, and what follows a `-` only with the next line. */
const reader = (taken: Array<string> = []): AgentReader => {
  let held: string | null = null
  return {
    take: (line) => {
      taken.push(line)
      const said = held === null ? [] : [held]
      held = line.startsWith("-") ? line.slice(1).toUpperCase() : null
      return held === null ? [...said, line.toUpperCase()] : said
    },
    rest: () => (held === null ? [] : [held]),
    sessionId: () => null,
    conclude: () => {
      throw new Error("not asked")
    }
  }
}

const append = (text: string | Uint8Array): void => appendFileSync(join(dir, "stdout.log"), text)
const said = (): string => readFileSync(join(textDir(dir), "stdout.log"), "utf8")
const run = Effect.runPromise

describe("the output of an agent", () => {
  test("is told line by line as it grows; a line without its newline waits for it, or for the end", async () => {
    const output = new AgentOutput(dir, reader())
    append("one\ntwo\nthr")
    await run(output.catchUp)
    expect(said()).toBe("ONE\nTWO\n")
    append("ee\n-four\nfive")
    await run(output.catchUp)
    expect(said()).toBe("ONE\nTWO\nTHREE\n")
    await run(output.finish)
    expect(said()).toBe("ONE\nTWO\nTHREE\nFOUR\nFIVE\n")
  })

  test("is told once by the engine that takes over, though the one before was killed in the middle of a line", async () => {
    append("one\n-two\nthree\n")
    await run(new AgentOutput(dir, reader()).catchUp)
    const before = said()
    writeFileSync(join(textDir(dir), "stdout.log"), before.slice(0, 6))
    append("four\n")
    await run(new AgentOutput(dir, reader()).finish)
    expect(said()).toBe("ONE\nTWO\nTHREE\nFOUR\n")
  })

  test("is read the same however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 300 }), fc.array(fc.nat(40), { maxLength: 20 }), async (text, cuts) => {
        writeFileSync(join(dir, "stdout.log"), "")
        rmSync(textDir(dir), { recursive: true, force: true })
        const taken: Array<string> = []
        const output = new AgentOutput(dir, reader(taken))
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
      }),
      { numRuns: 50 }
    )
  })

  test("may have lines longer than any buffer", async () => {
    const taken: Array<string> = []
    const output = new AgentOutput(dir, reader(taken))
    append(`${"x".repeat(1_000_000)}\n`)
    append(`${"y".repeat(20_000_000)}\nlast\n`)
    await run(output.finish)
    expect(taken.map(({ length }) => length)).toEqual([1_000_000, 0, 4])
  })

  test("finishes once, and two who catch up at the same time do not read twice", async () => {
    const taken: Array<string> = []
    const output = new AgentOutput(dir, reader(taken))
    append("one\ntwo\n")
    await run(Effect.all([output.catchUp, output.finish, output.catchUp, output.finish], { concurrency: "unbounded" }))
    expect(taken).toEqual(["one", "two"])
  })

  test("lies beside the events, for the owner alone, with the same standard error", () => {
    expect(new AgentOutput(dir, reader())).toBeDefined()
    expect(statSync(textDir(dir)).mode & 0o777).toBe(0o700)
    expect(statSync(join(textDir(dir), "stderr.log")).ino).toBe(statSync(join(dir, "stderr.log")).ino)
    expect(new AgentOutput(dir, reader())).toBeDefined()
  })
})
