// The results of reading the recordings of the real agents.
import { AgentOutcome } from "@backbeat/core/task/AgentOutcome"
import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import type { AgentWork, PermissionMode } from "@backbeat/core/task/AgentWork"
import { describe, expect, test } from "bun:test"
import * as Schema from "effect/Schema"
import type { Agent } from "../src/Agent.ts"
import { findAgent } from "../src/agents.ts"
import { answerSchema, workOf } from "./agentWork.ts"
import { readAll } from "./readAll.ts"
import { recordingOf, recordings } from "./recording.ts"

type Expected =
  | { readonly said: string }
  | { readonly trouble: AgentErrorKind; readonly message: string }
  | "silent"

const said = (text: string): Expected => ({ said: text })

const failed = (trouble: AgentErrorKind, message: string): Expected => ({ trouble, message })

const expected: Readonly<Record<string, Expected>> = {
  "claude/auth-401": "silent",
  "claude/auth-401-final": failed(
    "auth",
    "Failed to authenticate. API Error: 401 The key is not valid."
  ),
  "claude/error-400": failed("error", "API Error: 400 The request is not valid."),
  "claude/error-500": "silent",
  "claude/error-500-final": failed("error", "API Error: 500 The server failed."),
  "claude/error-in-stream": "silent",
  "claude/max-budget": failed("limit", "Reached maximum budget"),
  "claude/max-turns": failed("limit", "Reached maximum number of turns"),
  "claude/no-login": failed("auth", "Not logged in"),
  "claude/plan-shell": said("The command is through."),
  "claude/plan-write": said("The file is written."),
  "claude/rate-limit-429": "silent",
  "claude/rate-limit-429-final": failed("rate_limit", "Request rejected (429)"),
  "claude/resume": said("Second."),
  "claude/resume-first": said("First."),
  "claude/resume-unknown": failed("error", "No conversation found with session ID"),
  "claude/shell-call": said("The command is through."),
  "claude/sigint": failed("error", "claude was interrupted before it finished."),
  "claude/sigterm": failed("no_result", "claude exited with code 143 and without a result."),
  "claude/stall": "silent",
  "claude/structured": said('{"answer":42}'),
  "claude/structured-never": failed("no_result", "no answer that matches the output schema"),
  "claude/success": said("Everything is fine."),
  "claude/tool-call": said("The file is written."),
  "codex/auth-401": failed("auth", "unexpected status 401 Unauthorized: The key is not valid."),
  "codex/error-400": failed("error", "The request is not valid."),
  "codex/error-500": failed("rate_limit", "experiencing high demand"),
  "codex/error-in-stream": failed("rate_limit", "The server is overloaded."),
  "codex/no-login": failed("auth", "Missing environment variable"),
  "codex/plan-shell": said("The command is through."),
  "codex/plan-write": said("The file is written."),
  "codex/rate-limit-429": failed("rate_limit", "429 Too Many Requests"),
  "codex/resume": said("Second."),
  "codex/resume-first": said("First."),
  "codex/resume-unknown": failed("error", "no rollout found for thread id"),
  "codex/shell-call": said("The command is through."),
  "codex/sigint": failed("no_result", "codex exited with code 1 and without a result."),
  "codex/sigterm": "silent",
  "codex/stall": "silent",
  "codex/structured": said('{"answer":42}'),
  "codex/success": said("Everything is fine."),
  "codex/tool-call": said("The file is written."),
  "codex/unknown-model": said("Done."),
  "gemini/auth-401": failed("auth", "401 The key is not valid."),
  "gemini/error-400": failed("error", "400 The request is not valid."),
  "gemini/error-500": "silent",
  "gemini/error-500-final": failed("error", "500 The server failed."),
  "gemini/error-in-stream": failed("error", "The model returned an empty response"),
  "gemini/no-login": failed("auth", "you must specify the GEMINI_API_KEY"),
  "gemini/plan-shell": said("The command is through."),
  "gemini/plan-write": said("The file is written."),
  "gemini/rate-limit-429": "silent",
  "gemini/rate-limit-429-final": failed("rate_limit", "Too many requests."),
  "gemini/resume": said("Second."),
  "gemini/resume-first": said("First."),
  "gemini/resume-unknown": failed("error", "No previous sessions found for this project."),
  "gemini/shell-call": said("The command is through."),
  "gemini/sigint": failed("no_result", "gemini exited with code 0 and without a result."),
  "gemini/sigterm": failed("no_result", "gemini exited with code 0 and without a result."),
  "gemini/stall": "silent",
  "gemini/success": said("Everything is fine."),
  "gemini/tool-call": said("The file is written."),
  "opencode/auth-401": failed("auth", "The key is not valid."),
  "opencode/denied": failed("no_result", "permission requested: external_directory"),
  "opencode/error-400": failed("error", "The request is not valid."),
  "opencode/error-500": "silent",
  "opencode/error-in-stream": "silent",
  "opencode/plan-shell": said("The command is through."),
  "opencode/plan-write": said("The file is written."),
  "opencode/rate-limit-429": "silent",
  "opencode/rate-limit-429-final": failed("rate_limit", "Too many requests."),
  "opencode/resume": said("Second."),
  "opencode/resume-first": said("First."),
  "opencode/resume-unknown": failed("error", "Session not found"),
  "opencode/shell-call": said("The command is through."),
  "opencode/sigint": "silent",
  "opencode/sigterm": "silent",
  "opencode/stall": "silent",
  "opencode/success": said("Everything is fine."),
  "opencode/tool-call": said("The file is written."),
  "opencode/unknown-model": failed("error", "Unexpected server error.")
}

const agentOf = (name: string): Agent => {
  const agent = findAgent(name, {})
  if (agent === undefined) throw new Error(`no agent ${name}`)
  return agent
}

const readRecording = (name: string, fields: Partial<AgentWork> = {}) => {
  const recording = recordingOf(name)
  const asksForSchema = name.includes("/structured")
  const work = workOf({
    agent: recording.agent,
    outputSchema: asksForSchema ? answerSchema : null,
    ...fields
  })
  return readAll(agentOf(recording.agent), work, recording)
}

describe("a recording of an agent", () => {
  test("has an expectation here, and each expectation a recording", () => {
    expect(recordings.map(({ name }) => name).toSorted()).toEqual(Object.keys(expected).toSorted())
  })

  for (const [name, expectation] of Object.entries(expected)) {
    test(`has the expected outcome: ${name}`, () => {
      const { outcome } = readRecording(name)
      const { result, trouble } = outcome
      expect(Schema.is(AgentOutcome)(outcome)).toBe(true)
      if (expectation === "silent") {
        expect(trouble).toBeNull()
        expect(result).toMatchObject({ isError: true, text: "" })
      } else if ("said" in expectation) {
        expect(trouble).toBeNull()
        expect(result).toMatchObject({ isError: false, text: expectation.said })
      } else {
        expect(trouble?.kind).toBe(expectation.trouble)
        expect(result.isError).toBe(true)
        expect(trouble?.message).toContain(expectation.message)
        expect(trouble?.hint).not.toBe("")
      }
    })
  }

  test("has the id of its session, if it reports one", () => {
    for (const agent of ["claude", "codex", "gemini", "opencode"]) {
      const { outcome } = readRecording(`${agent}/success`)
      expect(outcome.result.sessionId).toMatch(/^(?:ses_\w+|[\da-f-]{36})$/u)
    }
  })

  const shown: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    ["claude/tool-call", ["> Write: /work/demo/made.txt", "The file is written."]],
    [
      "claude/shell-call",
      [
        "> Bash: sh -c 'echo made > made.txt'",
        "! This command requires approval",
        "The command is through."
      ]
    ],
    ["codex/tool-call", ["> add: /work/demo/made.txt", "The file is written."]],
    ["codex/shell-call", ["> Shell: sh -c 'echo made > made.txt'", "The command is through."]],
    ["gemini/tool-call", ["> write_file: /work/demo/made.txt", "The file is written."]],
    ["gemini/auth-401", ["! 401 The key is not valid."]],
    ["opencode/tool-call", ["> write: /work/demo/made.txt", "The file is written."]],
    ["opencode/shell-call", ["> bash: sh -c 'echo made > made.txt'", "The command is through."]],
    [
      "opencode/denied",
      ["> write: /work/other.txt", "! The user rejected permission to use this specific tool call."]
    ]
  ]
  for (const [name, lines] of shown) {
    test(`is shown to people with a line for each tool call: ${name}`, () => {
      expect(readRecording(name).shown).toEqual(lines)
    })
  }

  const command = "sh -c 'echo made > made.txt'"
  const unsaid = "(opencode does not say with which arguments)"
  const denied: ReadonlyArray<readonly [string, PermissionMode, string, string, PermissionMode]> = [
    ["claude/shell-call", "edit", "Bash", command, "full"],
    ["claude/plan-shell", "plan", "Bash", command, "full"],
    ["claude/plan-write", "plan", "Write", "/work/demo/made.txt", "edit"],
    [
      "codex/plan-write",
      "plan",
      "apply_patch",
      "patch rejected: writing is blocked by read-only sandbox; rejected by user approval settings",
      "edit"
    ],
    ["gemini/shell-call", "edit", "run_shell_command", command, "full"],
    ["gemini/plan-shell", "plan", "run_shell_command", command, "full"],
    ["gemini/plan-write", "plan", "write_file", "/work/demo/made.txt", "edit"],
    ["opencode/denied", "edit", "write", "/work/other.txt", "full"],
    ["opencode/plan-shell", "plan", "bash", unsaid, "full"],
    ["opencode/plan-write", "plan", "write", unsaid, "edit"]
  ]
  for (const [name, permissionMode, tool, what, allowing] of denied) {
    test(`has the denied tool calls, and the mode that would allow them: ${name}`, () => {
      const { result } = readRecording(name, { permissionMode }).outcome
      expect(result.denied).toEqual([{ tool, what }])
      expect(result.allowedBy).toEqual({ permissionMode: allowing })
    })
  }

  test("has no denied tool calls if there were none", () => {
    const withDenials = new Set(denied.map(([name]) => name))
    for (const { name } of recordings)
      expect(readRecording(name).outcome.result.denied !== undefined).toBe(withDenials.has(name))
  })

  test("names no wider mode for calls that the widest one denied", () => {
    expect(
      readRecording("claude/shell-call", { permissionMode: "full" }).outcome.result
    ).not.toHaveProperty("allowedBy")
  })

  test("shows the failed tries of an agent", () => {
    expect(readRecording("claude/auth-401").shown[0]).toBe(
      "! 401 authentication_failed, attempt 1 of 10"
    )
  })

  test("has the structured answer", () => {
    expect(readRecording("claude/structured").outcome.result.structured).toEqual({ answer: 42 })
    expect(readRecording("codex/structured").outcome.result.structured).toEqual({ answer: 42 })
    expect(
      readRecording("codex/structured", { outputSchema: null }).outcome.result.structured
    ).toBeNull()
  })
})

const countsOf = (agent: string) => {
  const { used } = readRecording(`${agent}/resume-first`).outcome
  const id = readRecording(`${agent}/resume-first`).outcome.result.sessionId ?? ""
  const known = readRecording(`${agent}/resume`, { session: { id, usedBefore: used } }).outcome
  const unknown = readRecording(`${agent}/resume`, { session: { id, usedBefore: null } }).outcome
  return { known, unknown }
}

const tokens = ({ inputTokens, outputTokens }: AgentOutcome["used"]) => [inputTokens, outputTokens]

describe("a resumed session", () => {
  test("counts only its own usage: claude reports the sum of the session", () => {
    const { known, unknown } = countsOf("claude")
    expect(known.result.costUsd).toBeCloseTo(0.0006)
    expect(known.used.costUsd).toBeCloseTo(0.0012)
    expect([tokens(known.result), tokens(known.used)]).toEqual([
      [100, 10],
      [200, 20]
    ])
    expect([unknown.result.costUsd, ...tokens(unknown.result)]).toEqual([null, null, null])
    expect(tokens(unknown.used)).toEqual([200, 20])
  })

  test("counts only its own usage: codex reports the sum of the session", () => {
    const { known, unknown } = countsOf("codex")
    expect([tokens(known.result), tokens(known.used)]).toEqual([
      [100, 10],
      [200, 20]
    ])
    expect([tokens(unknown.result), tokens(unknown.used)]).toEqual([
      [null, null],
      [200, 20]
    ])
    expect(known.used.costUsd).toBeNull()
  })

  test("adds up the usage of the session if the agent reports only its own: gemini and opencode", () => {
    const gemini = countsOf("gemini")
    expect([tokens(gemini.known.result), tokens(gemini.known.used)]).toEqual([
      [200, 20],
      [400, 40]
    ])
    expect([tokens(gemini.unknown.result), tokens(gemini.unknown.used)]).toEqual([
      [200, 20],
      [null, null]
    ])
    const opencode = countsOf("opencode")
    expect([tokens(opencode.known.result), tokens(opencode.known.used)]).toEqual([
      [100, 10],
      [200, 20]
    ])
  })
})
