import { describe, expect, test } from "bun:test"
import { claude } from "../../src/claude/claude.ts"
import { answerSchema, settingOf, workOf } from "../agentWork.ts"
import { exited, linesOf, readAll } from "../readAll.ts"

const setting = settingOf("/opt/claude", ["--add-dir", "/x"])

const modeOf = (permissionMode: "plan" | "full") =>
  claude.call(workOf({ permissionMode }), settingOf("claude")).argv.slice(5)

const said = (block: unknown, parent: string | null) => ({
  type: "assistant",
  parent_tool_use_id: parent,
  message: { content: [block] }
})

const notice = (error_status: number, error: string) => ({
  type: "system",
  subtype: "api_retry",
  attempt: 3,
  max_retries: 10,
  error_status,
  error
})

const failureOf = (...events: ReadonlyArray<object>) =>
  readAll(claude, workOf(), { lines: linesOf(...events), outcome: exited(1) }).outcome.trouble

describe("a call of claude", () => {
  test("passes the prompt on standard input and each setting as an option", () => {
    const work = workOf({
      model: "opus",
      effort: "xhigh",
      systemPrompt: "Be brief.",
      maxTurns: 7,
      maxCostUsd: 1.5,
      outputSchema: answerSchema,
      session: { id: "6a1f", usedBefore: null }
    })
    expect(claude.unsupportedFields(work)).toEqual([])
    const call = claude.call(work, setting)
    expect(call.argv).toEqual([
      "/opt/claude",
      "--add-dir",
      "/x",
      "-p",
      "--output-format",
      "stream-json",
      "--verbose",
      "--permission-mode",
      "acceptEdits",
      "--model",
      "opus",
      "--effort",
      "xhigh",
      "--append-system-prompt-file",
      "/home/t/attempt/system-prompt.md",
      "--max-turns",
      "7",
      "--max-budget-usd",
      "1.5",
      "--json-schema",
      JSON.stringify(answerSchema),
      "--resume",
      "6a1f"
    ])
    expect(call.stdin).toBe(work.prompt)
    expect(call.files).toEqual([{ path: "system-prompt.md", text: "Be brief." }])
  })

  test("has the permission mode, and no option that is not set", () => {
    expect(modeOf("plan")).toEqual(["--permission-mode", "plan"])
    expect(modeOf("full")).toEqual(["--permission-mode", "bypassPermissions"])
  })

  test("is rejected with an effort that claude would ignore", () => {
    expect(
      claude.unsupportedFields(workOf({ effort: "minimal" })).map(({ field }) => field)
    ).toEqual(["effort"])
  })
})

describe("an output of claude", () => {
  const result = {
    type: "result",
    subtype: "success",
    is_error: false,
    result: "Done.",
    num_turns: 3,
    total_cost_usd: 0.5,
    session_id: "s",
    usage: {
      input_tokens: 1,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 300,
      output_tokens: 4
    }
  }

  test("ends with its last result", () => {
    const { outcome } = readAll(claude, workOf(), {
      lines: linesOf({ ...result, is_error: true, result: "Overloaded" }, result)
    })
    expect(outcome.trouble).toBeNull()
    expect(outcome.result).toEqual({
      text: "Done.",
      isError: false,
      sessionId: "s",
      costUsd: 0.5,
      inputTokens: 321,
      outputTokens: 4,
      turns: 3,
      structured: null
    })
  })

  test("has a result unless another turn follows", () => {
    const reader = claude.reader(workOf())
    expect(reader.hasResult()).toBe(false)
    const success = { type: "result", subtype: "success", is_error: false, result: "One." }
    for (const [queued_turn_count, hasTold] of [
      [1, false],
      [0, true]
    ] as const) {
      reader.readLine(JSON.stringify({ ...success, queued_turn_count }))
      expect(reader.hasResult()).toBe(hasTold)
    }
  })

  test("keeps the other fields of a result if one has an unexpected type", () => {
    const { outcome } = readAll(claude, workOf(), {
      lines: linesOf({ ...result, total_cost_usd: "much", usage: [], num_turns: 1.5 })
    })
    expect(outcome.trouble).toBeNull()
    expect(outcome.result).toMatchObject({
      text: "Done.",
      costUsd: null,
      inputTokens: null,
      turns: null
    })
  })

  test("counts the tokens of all models and of the cache", () => {
    const model = {
      inputTokens: 1,
      cacheReadInputTokens: 20,
      cacheCreationInputTokens: 300,
      outputTokens: 4
    }
    const { outcome } = readAll(claude, workOf(), {
      lines: linesOf({ ...result, modelUsage: { a: model, b: model } })
    })
    expect(outcome.used).toEqual({ costUsd: 0.5, inputTokens: 642, outputTokens: 8 })
  })

  test("is an error if the result is one, whatever the exit code", () => {
    const broken = readAll(claude, workOf(), {
      lines: linesOf({ ...result, is_error: true, result: "It broke." })
    })
    expect(broken.outcome.trouble).toMatchObject({ kind: "error", message: "It broke." })
    const fine = readAll(claude, workOf(), {
      lines: linesOf(result),
      outcome: exited(3),
      stderr: "hook failed"
    })
    expect(fine.outcome.trouble).toBeNull()
  })

  test("reports the retried error if claude exits before a retry succeeds, and not after one succeeded", () => {
    expect(failureOf(notice(500, "server_error"), notice(429, "rate_limit"))).toMatchObject({
      kind: "rate_limit"
    })
    expect(failureOf(notice(401, "authentication_failed"))).toMatchObject({
      kind: "auth",
      message: "401 authentication_failed"
    })
    expect(
      failureOf(notice(429, "rate_limit"), said({ type: "text", text: "On." }, null))
    ).toMatchObject({ kind: "no_result" })
  })

  test("shows the tool calls of subagents, but not their messages", () => {
    const { outcome, shown } = readAll(claude, workOf(), {
      lines: linesOf(
        said({ type: "text", text: "I ask.\nThen:" }, null),
        said({ type: "text", text: "I look." }, "toolu_1"),
        said({ type: "tool_use", name: "Grep", input: { path: "src", pattern: "a\nb" } }, "toolu_1")
      ),
      outcome: { kind: "signalled", signal: "SIGTERM" }
    })
    expect(shown).toEqual(["I ask.", "Then:", "> Grep: src"])
    expect(outcome.result).toMatchObject({ text: "I ask.\nThen:", isError: true })
    expect(outcome.trouble).toBeNull()
  })

  test("that is plain text instead of events explains the failure", () => {
    const { outcome, shown } = readAll(claude, workOf(), {
      lines: ["Invalid API key · Please run /login"],
      outcome: exited(1)
    })
    expect(shown).toEqual(["Invalid API key · Please run /login"])
    expect(outcome.trouble?.kind).toBe("auth")
    expect(outcome.trouble?.hint).toContain("claude auth login")
  })

  test("that rejects bypassed permissions as root gets a hint that helps", () => {
    const stderr =
      "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons"
    const { outcome } = readAll(claude, workOf(), { lines: [], outcome: exited(1), stderr })
    expect(outcome.trouble).toMatchObject({ kind: "error", message: stderr })
    expect(outcome.trouble?.hint).toContain("IS_SANDBOX=1")
  })
})
