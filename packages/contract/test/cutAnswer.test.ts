import { describe, expect, test } from "bun:test"
import { cutAnswer } from "@backbeat/contract/cutAnswer"
import { oneLine, whatOf, withShortTexts } from "@backbeat/contract/cutTask"
import type { TaskAnswer } from "@backbeat/contract/TaskAnswer"

const whole: TaskAnswer = {
  id: "a",
  name: null,
  kind: "command",
  status: "completed",
  health: null,
  command: "npm",
  args: ["test"],
  script: null,
  prompt: null,
  agent: null,
  model: null,
  cwd: "/work",
  tags: [],
  priority: "P2",
  queue: "default",
  attempt: 1,
  restartCount: 0,
  pid: null,
  exitCode: 0,
  signal: null,
  failure: null,
  dependsOn: [],
  retryOf: null,
  parentTaskId: null,
  pipelineId: null,
  createdAt: "2026-11-29T08:00:00.000Z",
  openedAt: null,
  startedAt: "2026-11-29T08:00:00.010Z",
  endedAt: "2026-11-29T08:00:01.010Z",
  durationMs: 1000,
  costUsd: null,
  cpuMs: 10,
  waitsFor: [],
  continueFrom: null,
  additionalContext: null,
  effort: null,
  systemPrompt: null,
  permissionMode: null,
  maxTurns: null,
  maxCostUsd: null,
  outputSchema: null,
  result: null,
  ended: [],
  endedMore: 0,
  freedPorts: [],
  lastEnd: null,
  peakMemoryBytes: null,
  retryAt: null,
  notBefore: null,
  stopping: null,
  cancelled: null,
  workKey: "0123456789abcdef",
  envKeys: [],
  forgetEnv: false,
  stdin: "null",
  timeout: null,
  stallTimeoutMs: null,
  stopSignal: "SIGTERM",
  gracePeriodMs: 5000,
  successExitCodes: [0],
  restart: {
    when: "never",
    maxAttempts: 3,
    delayMs: 1000,
    backoff: "exponential",
    maxDelayMs: 60_000,
    resetAfterMs: 60_000
  },
  readyWhen: null,
  healthProbe: null,
  maxOutputBytes: 1,
  notify: null,
  owner: { client: "cli", sessionId: null, taskId: null },
  logs: { stdoutPath: null, stderrPath: null, stdoutBytes: 0, stderrBytes: 0 }
}

const here = { client: "cli", cwd: "/work", pid: 7, waited: false }

const cut = (task: Partial<TaskAnswer>, reading = here, asked = {}) =>
  cutAnswer(asked).of({ task: { ...whole, ...task } }, reading)

describe("a task in an answer", () => {
  test("has only fields with information", () => {
    expect(cut({})).toEqual({
      task: {
        id: "a",
        status: "completed",
        what: "npm test",
        exitCode: 0,
        endedAt: "2026-11-29T08:00:01.010Z",
        durationMs: 1000
      }
    })
  })

  test("shows what differs from its default", () => {
    const more = {
      name: "unit",
      attempt: 2,
      queue: "slow",
      priority: "P0",
      cwd: "/elsewhere"
    } as const
    expect(cut(more)).toMatchObject({ task: more })
  })

  test("names the client that started it if it is known and not the caller's", () => {
    const [mcp, cli, unknown] = ["mcp", "cli", null].map((client) =>
      JSON.stringify(cut({ owner: { ...whole.owner, client } }))
    )
    expect(mcp).toContain('"client":"mcp"')
    expect(cli).not.toContain("client")
    expect(unknown).not.toContain("client")
  })

  test("of a prompt does not show the queue agents", () => {
    expect(
      cut({ kind: "prompt", command: null, prompt: "Do it.", agent: "claude", queue: "agents" })
    ).toMatchObject({ task: { what: "Do it.", agent: "claude" } })
    expect(JSON.stringify(cut({ kind: "prompt", queue: "agents" }))).not.toContain("queue")
    expect(cut({ kind: "prompt", queue: "default" })).toMatchObject({ task: { queue: "default" } })
  })

  test("shows a failure unless it only repeats the exit code", () => {
    expect(
      JSON.stringify(
        cut({ status: "failed", exitCode: 3, failure: { type: "ExitedNonZero", exitCode: 3 } })
      )
    ).not.toContain("failure")
    const failure = { type: "TimedOut", timeout: 1000 } as const
    expect(cut({ status: "failed", exitCode: 143, failure })).toMatchObject({
      task: { exitCode: 143, failure }
    })
  })

  test("shows its start while it runs, and afterwards its end", () => {
    expect(
      cut({ status: "running", endedAt: null, durationMs: null, exitCode: null, pid: 12 })
    ).toEqual({
      task: {
        id: "a",
        status: "running",
        what: "npm test",
        startedAt: "2026-11-29T08:00:00.010Z",
        pid: 12
      }
    })
  })

  test("has no instants if the caller waited, and no command if the call contained it", () => {
    expect(cut({}, { ...here, waited: true }, { carried: true })).toEqual({
      task: { id: "a", status: "completed", exitCode: 0, durationMs: 1000 }
    })
  })

  test("does not show a session its own cancellation, but shows the reason", () => {
    const by = { kind: "caller", client: "cli", pid: 7 } as const
    const cancelled = { by, reason: "enough" }
    expect(JSON.stringify(cut({ status: "cancelled", cancelled }))).not.toContain('cancelled":{')
    expect(cut({ status: "cancelled", cancelled }, { ...here, pid: 8 })).toMatchObject({
      task: { cancelled: { reason: "enough" } }
    })
    const other = { ...here, pid: 8, sessionId: "other" }
    expect(cut({ status: "cancelled", cancelled }, other)).toMatchObject({
      task: { cancelled: { by: { kind: "caller", client: "cli" }, reason: "enough" } }
    })
    const cascade = { by: { kind: "dependency" }, reason: null } as const
    expect(cut({ status: "cancelled", cancelled: cascade })).toMatchObject({
      task: { cancelled: { by: { kind: "dependency" } } }
    })
  })

  test("has at most 4,000 characters of an agent's last message, and its size in bytes", () => {
    const result = {
      text: "é".repeat(5000),
      isError: false,
      sessionId: null,
      costUsd: 1,
      inputTokens: null,
      outputTokens: 2,
      turns: null,
      structured: null
    }
    const shown = JSON.stringify(cut({ result, costUsd: 1 }))
    expect(JSON.parse(shown)).toMatchObject({ task: { costUsd: 1, result: { textBytes: 10_000 } } })
    expect(cut({ costUsd: 0.0012000000000000001 })).toMatchObject({ task: { costUsd: 0.0012 } })
    expect(shown.match(/é/gu)).toHaveLength(3999)
  })
})

describe("an answer", () => {
  test("keeps the fields beside the task unless they are null or empty", () => {
    expect(
      cutAnswer().of({ task: whole, existing: true, lastLines: [], next: null, left: [] }, here)
    ).toMatchObject({ existing: true, left: [] })
    expect(
      Object.keys(
        Object(cutAnswer().of({ task: whole, lastLines: [], next: null, left: [] }, here))
      )
    ).toEqual(["task", "left"])
  })

  test("is not changed by a second cut", () => {
    const once = cutAnswer().of({ total: 1, tasks: [whole] }, here)
    expect(cutAnswer().of(JSON.parse(JSON.stringify(once)), here)).toEqual(once)
  })
})

describe("the line with a task's work", () => {
  test("has one line of at most 120 characters", () => {
    expect(oneLine("a\n  b\tc ", 120)).toBe("a b c")
    expect([...oneLine("😀".repeat(300), 120)]).toHaveLength(120)
    expect(oneLine("x".repeat(120), 120)).toBe("x".repeat(120))
    expect(oneLine(`x${" ".repeat(5000)}y`, 120)).toBe("x…")
    expect(whatOf({ command: "sh", args: ["-c", "x\ny"], script: null, prompt: null })).toBe(
      "sh -c x y"
    )
  })
})

describe("a complete task in a list", () => {
  test("has its long texts cut", () => {
    const { args, script } = withShortTexts({
      ...whole,
      args: ["y".repeat(500)],
      script: "z".repeat(500)
    })
    expect([args[0]?.length, script?.length]).toEqual([120, 120])
  })
})
