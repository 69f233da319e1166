import { describe, expect, test } from "bun:test"
import { gemini } from "../../src/gemini/gemini.ts"
import { answerSchema, settingOf, workOf } from "../agentWork.ts"
import { exited, linesOf, readAll } from "../readAll.ts"

const modeOf = (permissionMode: "plan" | "full") =>
  gemini.call(workOf({ permissionMode }), settingOf("gemini")).argv[4]

const piece = (content: string) => ({ type: "message", role: "assistant", content, delta: true })

const kindOf = (code: number) =>
  readAll(gemini, workOf(), { lines: [], outcome: exited(code) }).outcome.trouble?.kind

describe("a call of gemini", () => {
  test("passes the prompt on standard input, which makes gemini headless", () => {
    const work = workOf({ model: "gemini-2.5-flash", session: { id: "c5dc", usedBefore: null } })
    expect(gemini.unsupportedFields(work)).toEqual([])
    expect(gemini.call(work, settingOf("gemini", ["-d"]))).toEqual({
      argv: [
        "gemini",
        "-d",
        "-o",
        "stream-json",
        "--approval-mode",
        "auto_edit",
        "--skip-trust",
        "-m",
        "gemini-2.5-flash",
        "-r",
        "c5dc"
      ],
      stdin: work.prompt,
      env: {},
      files: []
    })
  })

  test("has the approval mode", () => {
    expect([modeOf("plan"), modeOf("full")]).toEqual(["plan", "yolo"])
  })

  test("is rejected with settings that gemini does not support", () => {
    const work = workOf({
      effort: "low",
      systemPrompt: "x",
      maxTurns: 1,
      maxCostUsd: 1,
      outputSchema: answerSchema
    })
    const unsupported = gemini.unsupportedFields(work)
    expect(unsupported.map(({ field }) => field)).toEqual([
      "effort",
      "systemPrompt",
      "maxTurns",
      "maxCostUsd",
      "outputSchema"
    ])
    expect(unsupported.every(({ message }) => message.includes("claude"))).toBe(true)
  })
})

describe("an output of gemini", () => {
  const success = {
    type: "result",
    status: "success",
    stats: { input_tokens: 9, output_tokens: 2 }
  }

  test("is shown in lines, however it was cut into pieces", () => {
    const { outcome, shown } = readAll(gemini, workOf(), {
      lines: linesOf(
        piece("I lo"),
        piece("ok.\nOne"),
        { type: "tool_use", tool_name: "run_shell_command", parameters: { command: "ls" } },
        { type: "tool_result", status: "error", error: { message: "not\nallowed" } },
        piece("No"),
        piece(" files.\n"),
        success
      )
    })
    expect(shown).toEqual([
      "I look.",
      "One",
      "> run_shell_command: ls",
      "! not allowed",
      "No files."
    ])
    expect(outcome.result).toMatchObject({
      text: "No files.",
      inputTokens: 9,
      outputTokens: 2,
      isError: false
    })
  })

  test("keeps the last message before a call until another message comes", () => {
    const { outcome } = readAll(gemini, workOf(), {
      lines: linesOf(piece("I look."), { type: "tool_use", tool_name: "ls" }, success)
    })
    expect(outcome.result.text).toBe("I look.")
  })

  test("that ran out of turns is a failure, although it reports success", () => {
    const error = { type: "error", severity: "error", message: "Maximum session turns exceeded" }
    const { outcome } = readAll(gemini, workOf(), {
      lines: linesOf(piece("Half."), error, success)
    })
    expect(outcome.trouble?.kind).toBe("limit")
  })

  test("without an error is classified by its exit code", () => {
    expect([41, 53, 145, 173, 1].map(kindOf)).toEqual([
      "auth",
      "limit",
      "auth",
      "rate_limit",
      "no_result"
    ])
  })
})
