import { AgentOutcome } from "@backbeat/core/task/AgentOutcome"
import { describe, expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import type { Agent } from "../../src/Agent.ts"
import { builtIn } from "../../src/agents.ts"
import { gemini } from "../../src/gemini/gemini.ts"
import { answerSchema, workOf } from "../agentWork.ts"
import { exited, killed, linesOf, readAll } from "../readAll.ts"
import { recordingOf, recordings } from "../recording.ts"

const isOutcome = Schema.is(AgentOutcome)

const recorded = recordings
  .flatMap(({ lines }) => lines)
  .filter((line) => line !== "" && line.length < 4000)

/** A recorded event in which one value, at any place, is replaced. */
const distorted = fc
  .tuple(fc.constantFrom(...recorded), fc.jsonValue(), fc.nat())
  .map(([line, value, seed]) => {
    let place = 0
    const chosen = seed % 40
    return JSON.stringify(JSON.parse(line), (_, old: unknown) => {
      place += 1
      return place === chosen + 2 ? value : old
    })
  })

const halved = fc
  .tuple(fc.constantFrom(...recorded), fc.nat(200))
  .map(([line, length]) => line.slice(0, length))

const anyLine = fc
  .oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.constantFrom(...recorded),
    halved,
    distorted,
    distorted
  )
  .map((line) => line.replaceAll("\n", ""))

const piece = (content: string) => ({ type: "message", role: "assistant", content, delta: true })

const readPieces = (pieces: ReadonlyArray<string>) =>
  readAll(gemini, workOf(), {
    lines: linesOf(...pieces.map(piece), { type: "result", status: "success" })
  })

const outcomes = fc.constantFrom(exited(0), exited(1), exited(145), killed, {
  kind: "notSpawned",
  message: "no such file"
} as const)

describe("a reader", () => {
  for (const agent of builtIn) {
    test(`accepts any lines and returns an outcome that can be stored: ${agent.name}`, () => {
      const works = [
        workOf({ outputSchema: answerSchema }),
        workOf({
          session: { id: "s", usedBefore: { costUsd: 1, inputTokens: null, outputTokens: 7 } }
        })
      ]
      const outputs = fc.record({
        lines: fc.array(anyLine),
        outcome: outcomes,
        stderr: fc.string()
      })
      fc.assert(
        fc.property(outputs, fc.constantFrom(...works), (output, work) => {
          const reading = readAll(agent, work, output)
          expect(isOutcome(reading.outcome)).toBe(true)
          expect(reading.shown.every((line) => !line.includes("\n"))).toBe(true)
          expect(readAll(agent, work, output)).toEqual(reading)
        }),
        { numRuns: 150 }
      )
    })

    test(`continues from the state of another as if it had read everything itself: ${agent.name}`, () => {
      const chunks = fc.array(
        fc.constantFrom(...recordings.filter((each) => each.agent === agent.name)),
        { minLength: 1, maxLength: 3 }
      )
      fc.assert(
        fc.property(
          chunks,
          fc.array(fc.nat(60)),
          fc.boolean(),
          (chosen, handedOver, isStructured) => {
            const lines = chosen.flatMap((each) => each.lines)
            const work = workOf(isStructured ? { outputSchema: answerSchema } : {})
            expect(readAll(agent, work, { lines, handedOver })).toEqual(
              readAll(agent, work, { lines })
            )
          }
        )
      )
    })

    test(`rejects a state that no reader saved: ${agent.name}`, () => {
      const reader = agent.reader(workOf())
      for (const kept of ["", "{}", "null", '{"told":{"text":1}}', "no json"])
        expect(reader.restoreState(kept)).toBe(false)
      expect(JSON.parse(reader.saveState())).toEqual(JSON.parse(agent.reader(workOf()).saveState()))
    })

    test(`survives lines that are huge or too deep: ${agent.name}`, () => {
      const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`
      const fields = [
        "input",
        "parameters",
        "arguments",
        "structured_output",
        "content",
        "usage",
        "type"
      ]
      const nested = recorded
        .slice(0, 21)
        .map((line, at) => `${line.slice(0, -1)},"${fields[at % 7]}":${deep}}`)
        .filter((_, at) => at % 3 === 0)
      const lines = [deep, ...nested, "x".repeat(3_000_000)]
      expect(
        isOutcome(readAll(agent, workOf({ outputSchema: answerSchema }), { lines }).outcome)
      ).toBe(true)
    })
  }

  test("returns the same lines and outcome however a message was cut into pieces", () => {
    const cut = fc.tuple(
      fc.array(fc.constantFrom("a", "b c", "\n", "\n\n", "漢")),
      fc.array(fc.nat(30))
    )
    fc.assert(
      fc.property(cut, ([words, places]) => {
        const text = words.join("")
        const bounds = [
          0,
          ...places.filter((place) => place < text.length).toSorted((a, b) => a - b),
          text.length
        ]
        const pieces = bounds.slice(1).map((end, at) => text.slice(bounds[at], end))
        expect(readPieces(pieces)).toEqual(readPieces([text]))
      })
    )
  })

  test("continues in the middle of a message, and of a line of it", () => {
    const lines = linesOf(piece("one\ntw"), piece("o\nthr"), piece("ee"), {
      type: "result",
      status: "success"
    })
    const { shown, outcome } = readAll(gemini, workOf(), { lines, handedOver: [1, 2, 3] })
    expect(shown).toEqual(["one", "two", "three"])
    expect(outcome.result.text).toBe("one\ntwo\nthree")
  })

  const result: Readonly<Record<string, ReadonlyArray<unknown>>> = {
    claude: [{ type: "result", subtype: "success", is_error: false, result: "x".repeat(200_000) }],
    codex: [
      { type: "item.completed", item: { type: "agent_message", text: "x".repeat(200_000) } },
      { type: "turn.completed" }
    ],
    gemini: [
      { type: "message", role: "assistant", content: "x".repeat(200_000) },
      { type: "result", status: "success" }
    ],
    opencode: [
      { type: "text", part: { text: "x".repeat(200_000) } },
      { type: "step_finish", part: { reason: "stop" } }
    ]
  }
  const textOf = (agent: Agent) =>
    readAll(agent, workOf(), { lines: linesOf(...(result[agent.name] ?? [])) }).outcome.result.text

  test("keeps the end of a long message, and says what is missing", () => {
    for (const agent of builtIn) {
      expect(Buffer.byteLength(textOf(agent))).toBeLessThanOrEqual(65_536)
      expect(textOf(agent)).toMatch(/^\[\d+ bytes before this are left out\]\nx+$/u)
    }
  })

  test("counts the missing bytes of a message in many pieces", () => {
    const content = "é".repeat(1000)
    const lines = linesOf(
      ...Array.from({ length: 1000 }, () => ({
        type: "message",
        role: "assistant",
        content,
        delta: true
      })),
      { type: "result", status: "success" }
    )
    const { text } = readAll(gemini, workOf(), { lines }).outcome.result
    const [, missing = "", rest = ""] =
      /^\[(\d+) bytes before this are left out\]\n(é+)$/u.exec(text) ?? []
    expect(Number(missing) + Buffer.byteLength(rest)).toBe(2_000_000)
  })

  test("masks keys in a failure", () => {
    const secret = "sk-ant-api03-abcdefghijklmnop"
    for (const agent of builtIn) {
      const { outcome } = readAll(agent, workOf(), {
        lines: [],
        outcome: exited(1),
        stderr: `Incorrect API key provided: ${secret}`
      })
      expect(outcome.trouble?.kind).toBe("auth")
      expect(JSON.stringify(outcome)).not.toContain("api03")
    }
  })

  test("reads an event after a title, a byte order mark or a progress bar in its line", () => {
    for (const agent of builtIn) {
      const { lines } = recordingOf(`${agent.name}/success`)
      const known = readAll(agent, workOf(), { lines })
      for (const before of [
        "\u001B]9;4;3;0\u0007",
        "\uFEFF",
        "loading 10 %\rloading 100 %\r",
        "\u009B2K"
      ]) {
        const garnished = readAll(agent, workOf(), {
          lines: lines.map((line) => `${before}${line}`)
        })
        expect(garnished.outcome.result).toEqual(known.outcome.result)
      }
    }
  })

  test("removes escape sequences and overwritten text", () => {
    const event = {
      type: "message",
      role: "assistant",
      content: "\u001B[32mdone\u001B[0m\nspin |\rready\u009B0m",
      delta: true
    }
    const { outcome } = readAll(gemini, workOf(), {
      lines: linesOf(event, { type: "result", status: "success" })
    })
    expect(outcome.result.text).toBe("done\nready")
    const failed = readAll(gemini, workOf(), {
      lines: [],
      outcome: exited(1),
      stderr: "\u001B]0;x\u0007Incorrect API key: sk-ant-\u001B[1mapi03-abcdefghijklmnop"
    })
    expect(failed.outcome.trouble?.message).toMatch(/^Incorrect API key: /u)
    expect(failed.outcome.trouble?.message).not.toContain("api03")
  })

  test("limits the length of a failure's message", () => {
    const { outcome } = readAll(gemini, workOf(), {
      lines: [],
      outcome: exited(1),
      stderr: "ü".repeat(9000)
    })
    expect(Buffer.byteLength(outcome.trouble?.message ?? "")).toBeLessThanOrEqual(4096)
    expect(outcome.trouble?.message.endsWith("…")).toBe(true)
  })
})
