import type { AgentWork } from "@backbeat/core/task/AgentWork"
import { describe, expect, test } from "bun:test"
import { codex } from "../../src/codex/codex.ts"
import { tomlString } from "../../src/codex/tomlString.ts"
import { answerSchema, settingOf, workOf } from "../agentWork.ts"
import { exited, linesOf, readAll } from "../readAll.ts"

const argvOf = (permissionMode: "plan" | "full") =>
  codex.call(workOf({ permissionMode }), settingOf("codex")).argv

const fieldsOf = (fields: Partial<AgentWork>) =>
  codex.unsupportedFields(workOf(fields)).map(({ field }) => field)

const message = (text: string) => ({
  type: "item.completed",
  item: { type: "agent_message", text }
})

describe("a call of codex", () => {
  test("has the approval option before exec, and all others between exec and resume", () => {
    const work = workOf({
      model: "gpt-5",
      effort: "minimal",
      systemPrompt: 'Say "yes".\nAlways.',
      outputSchema: answerSchema,
      session: { id: "01a1", usedBefore: null }
    })
    expect(codex.unsupportedFields(work)).toEqual([])
    const call = codex.call(work, settingOf("codex", ["--ephemeral"]))
    expect(call.argv).toEqual([
      "codex",
      "-a",
      "never",
      "exec",
      "--ephemeral",
      "-s",
      "workspace-write",
      "--json",
      "--skip-git-repo-check",
      "-m",
      "gpt-5",
      "-c",
      'model_reasoning_effort="minimal"',
      "-c",
      String.raw`developer_instructions="Say \"yes\".\nAlways."`,
      "--output-schema",
      "/home/t/attempt/output-schema.json",
      "resume",
      "01a1",
      "-"
    ])
    expect(call.stdin).toBe(work.prompt)
    expect(call.files).toEqual([{ path: "output-schema.json", text: JSON.stringify(answerSchema) }])
  })

  test("has a read-only sandbox for plan, and neither sandbox nor approvals for full", () => {
    const common = ["--json", "--skip-git-repo-check", "-"]
    expect(argvOf("plan")).toEqual(["codex", "-a", "never", "exec", "-s", "read-only", ...common])
    expect(argvOf("full")).toEqual([
      "codex",
      "exec",
      "--dangerously-bypass-approvals-and-sandbox",
      ...common
    ])
  })

  test("is rejected with a limit that codex does not support, or a system prompt too long for an argument", () => {
    expect(fieldsOf({ maxTurns: 3, maxCostUsd: 1, systemPrompt: "short" })).toEqual([
      "maxTurns",
      "maxCostUsd"
    ])
    expect(fieldsOf({ systemPrompt: "x".repeat(60_001) })).toEqual(["systemPrompt"])
    expect(codex.unsupportedFields(workOf({ maxTurns: 3 }))[0]?.message).toContain("claude")
  })
})

describe("a text in TOML", () => {
  test("is read back unchanged", () => {
    const texts = [
      '"',
      "\\",
      "a\nb\tc\r",
      "\u0000\u001F\u007F\u0080",
      "ü 漢 🦀",
      "'''",
      "#{}[]=",
      "\u2028"
    ]
    for (const text of texts) {
      const read: unknown = Bun.TOML.parse(`key = ${tomlString(text)}`)
      expect(read).toEqual({ key: text })
    }
  })

  test("has no lone surrogate, which TOML cannot escape", () => {
    expect(tomlString("a\uD800b")).toBe('"a\uFFFDb"')
  })
})

describe("an output of codex", () => {
  const completed = {
    type: "turn.completed",
    usage: { input_tokens: 5, cached_input_tokens: 4, output_tokens: 1 }
  }

  test("has its last message as text, and warnings are no failure", () => {
    const { outcome, shown } = readAll(codex, workOf(), {
      lines: linesOf(
        { type: "item.completed", item: { type: "error", message: "Model metadata not found" } },
        message("First."),
        {
          type: "item.started",
          item: { type: "command_execution", command: `/usr/bin/zsh -lc 'npm test'` }
        },
        {
          type: "item.started",
          item: { type: "mcp_tool_call", server: "gh", tool: "find", arguments: { q: "x" } }
        },
        { type: "item.completed", item: { type: "reasoning", text: "hm" } },
        message("Second."),
        completed
      )
    })
    expect(shown).toEqual([
      "! Model metadata not found",
      "First.",
      "> Shell: npm test",
      "> gh.find: x",
      "Second."
    ])
    expect(outcome.result).toMatchObject({
      text: "Second.",
      inputTokens: 5,
      outputTokens: 1,
      costUsd: null
    })
    expect(outcome.trouble).toBeNull()
  })

  test("with an error before the end is a success if the turn was completed", () => {
    const error = { type: "error", message: "Reconnecting... 1/5 (status 401)" }
    const { outcome } = readAll(codex, workOf(), {
      lines: linesOf(error, message("Done."), completed)
    })
    expect(outcome.trouble).toBeNull()
  })

  test("whose last turn failed is a failure, also after a completed one", () => {
    const failure = {
      type: "turn.failed",
      error: { message: '{"error":{"message":"No.","code":null}}' }
    }
    const { outcome } = readAll(codex, workOf(), {
      lines: linesOf(completed, { type: "turn.started" }, failure)
    })
    expect(outcome.trouble).toMatchObject({ kind: "error", message: "No." })
  })

  test("that breaks off is explained by the most specific error, here in standard error", () => {
    const error = { type: "error", message: "stream disconnected" }
    const end = { outcome: exited(1), stderr: "error: 401 Unauthorized" }
    const { outcome } = readAll(codex, workOf(), {
      lines: linesOf({ type: "turn.started" }, error),
      ...end
    })
    expect(outcome.trouble).toMatchObject({ kind: "auth", message: "error: 401 Unauthorized" })
    const lines = linesOf(error, completed, { type: "turn.started" })
    const later = readAll(codex, workOf(), { lines, outcome: exited(1) })
    expect(later.outcome.trouble).toMatchObject({ kind: "no_result" })
  })

  test("that is no JSON does not match an output schema", () => {
    const work = workOf({ outputSchema: answerSchema })
    const { outcome } = readAll(codex, work, { lines: linesOf(message("It is 42."), completed) })
    expect(outcome.result).toMatchObject({ text: "It is 42.", structured: null, isError: true })
    expect(outcome.trouble?.kind).toBe("no_result")
  })
})
