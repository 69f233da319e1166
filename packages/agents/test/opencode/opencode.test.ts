import { describe, expect, test } from "bun:test"
import { opencode } from "../../src/opencode/opencode.ts"
import { answerSchema, settingOf, workOf } from "../agentWork.ts"
import { linesOf, readAll } from "../readAll.ts"

const callOf = (permissionMode: "plan" | "full") =>
  opencode.call(workOf({ permissionMode }), settingOf("opencode"))

const text = (said: string) => ({ type: "text", sessionID: "ses_1", part: { text: said } })

const finish = (reason: string) => ({
  type: "step_finish",
  sessionID: "ses_1",
  part: {
    reason,
    cost: 0.25,
    tokens: { total: 1115, input: 10, output: 5, reasoning: 100, cache: { read: 700, write: 300 } }
  }
})

const configuredWith = (current: string) =>
  opencode.call(
    workOf({ systemPrompt: "Be brief." }),
    settingOf("opencode", [], { OPENCODE_CONFIG_CONTENT: current })
  ).env["OPENCODE_CONFIG_CONTENT"]

describe("a call of opencode", () => {
  test("adds the system prompt to the instructions of its configuration", () => {
    const work = workOf({
      model: "anthropic/opus",
      effort: "high",
      systemPrompt: "Be brief.",
      session: { id: "ses_1", usedBefore: null }
    })
    expect(opencode.unsupportedFields(work)).toEqual([])
    expect(opencode.call(work, settingOf("opencode", ["--thinking"]))).toEqual({
      argv: [
        "opencode",
        "run",
        "--thinking",
        "--format",
        "json",
        "--agent",
        "build",
        "-m",
        "anthropic/opus",
        "--variant",
        "high",
        "-s",
        "ses_1"
      ],
      stdin: work.prompt,
      env: { OPENCODE_CONFIG_CONTENT: '{"instructions":["/home/t/attempt/system-prompt.md"]}' },
      files: [{ path: "system-prompt.md", text: "Be brief." }]
    })
  })

  test("does not set its configuration otherwise, and has its agent", () => {
    expect(callOf("plan").argv.slice(4)).toEqual(["--agent", "plan"])
    expect(callOf("full").argv.slice(4)).toEqual(["--agent", "build", "--auto"])
    expect(callOf("full").env).toEqual({})
  })

  test("in plan mode can neither edit nor run a shell", () => {
    expect(callOf("plan").env).toEqual({ OPENCODE_PERMISSION: '{"edit":"deny","bash":"deny"}' })
  })

  test("adds its instructions to the variable's configuration, unless that is invalid", () => {
    const path = "/home/t/attempt/system-prompt.md"
    expect(JSON.parse(configuredWith('{"model":"a/b","instructions":["mine.md"]}') ?? "")).toEqual({
      model: "a/b",
      instructions: ["mine.md", path]
    })
    expect(JSON.parse(configuredWith("not JSON") ?? "")).toEqual({ instructions: [path] })
  })

  test("is rejected with settings that opencode does not support", () => {
    const work = workOf({ maxTurns: 1, maxCostUsd: 1, outputSchema: answerSchema })
    expect(opencode.unsupportedFields(work).map(({ field }) => field)).toEqual([
      "maxTurns",
      "maxCostUsd",
      "outputSchema"
    ])
  })
})

describe("an output of opencode", () => {
  const begin = { type: "step_start", sessionID: "ses_1", part: {} }

  test("has the sum of its steps, and the text of the last one", () => {
    const { outcome } = readAll(opencode, workOf(), {
      lines: linesOf(
        begin,
        text("I look."),
        finish("tool-calls"),
        begin,
        text("One."),
        text("Two."),
        finish("stop")
      )
    })
    expect(outcome.result).toEqual({
      text: "One.\n\nTwo.",
      isError: false,
      sessionId: "ses_1",
      costUsd: 0.5,
      inputTokens: 2020,
      outputTokens: 210,
      turns: 2,
      structured: null
    })
  })

  test("that ends after tool calls has no result", () => {
    const { outcome } = readAll(opencode, workOf(), {
      lines: linesOf(begin, text("I look."), finish("tool-calls"))
    })
    expect(outcome.result.isError).toBe(true)
    expect(outcome.trouble?.kind).toBe("no_result")
  })

  test("with an error after its last step is a failure, with one before it is not", () => {
    const error = {
      type: "error",
      sessionID: "ses_1",
      error: { name: "APIError", data: { statusCode: 429 } }
    }
    const last = readAll(opencode, workOf(), { lines: linesOf(begin, finish("stop"), error) })
    expect(last.outcome.trouble).toMatchObject({ kind: "rate_limit", message: "APIError" })
    const first = readAll(opencode, workOf(), {
      lines: linesOf(error, begin, text("Done."), finish("stop"))
    })
    expect(first.outcome.trouble).toBeNull()
  })
})
