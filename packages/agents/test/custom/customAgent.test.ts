import { describe, expect, test } from "bun:test"
import { customAgent } from "../../src/custom/customAgent.ts"
import { settingOf, workOf } from "../agentWork.ts"
import { exited, killed, readAll } from "../readAll.ts"

const agent = customAgent("mine", { command: "mycli", args: ["run", "--ask={prompt}!"] })

describe("a call of a custom agent", () => {
  test("replaces the placeholder by the prompt, and then leaves standard input empty", () => {
    const work = workOf({ prompt: "a $& {prompt} b" })
    const call = agent.call(work, settingOf("/opt/mycli", ["run", "--ask={prompt}!"]))
    expect(call.argv).toEqual(["/opt/mycli", "run", "--ask=a $& {prompt} b!"])
    expect(call.stdin).toBe("")
  })

  test("passes the prompt on standard input without a placeholder", () => {
    const work = workOf()
    const call = customAgent("mine", { command: "mycli", args: ["run"] }).call(
      work,
      settingOf("mycli")
    )
    expect(call).toEqual({ argv: ["mycli", "run"], stdin: work.prompt, env: {}, files: [] })
  })

  test("is rejected with settings that a custom agent does not support", () => {
    const work = workOf({
      model: "m",
      session: { id: "s", usedBefore: null },
      permissionMode: "plan"
    })
    expect(agent.unsupportedFields(work).map(({ field }) => field)).toEqual([
      "model",
      "session",
      "permissionMode"
    ])
    expect(agent.unsupportedFields(workOf()).map(({ field }) => field)).toEqual(["permissionMode"])
    expect(agent.unsupportedFields(workOf({ permissionMode: agent.permissionMode }))).toEqual([])
  })
})

describe("an output of a custom agent", () => {
  test("is its text, and its exit code decides about success", () => {
    const lines = ["Looking.", "", "Two files.", ""]
    const { outcome, shown } = readAll(agent, workOf(), { lines })
    expect(shown).toEqual(lines)
    expect(outcome.trouble).toBeNull()
    expect(outcome.result).toMatchObject({
      text: "Looking.\n\nTwo files.",
      isError: false,
      sessionId: null
    })
  })

  test("that failed is explained by standard error, or else by its output", () => {
    const fromStderr = readAll(agent, workOf(), {
      lines: ["Working"],
      outcome: exited(2),
      stderr: "quota exceeded\n"
    })
    expect(fromStderr.outcome.trouble).toMatchObject({
      kind: "rate_limit",
      message: "quota exceeded"
    })
    const fromOutput = readAll(agent, workOf(), { lines: ["Cannot open x"], outcome: exited(2) })
    expect(fromOutput.outcome.trouble).toMatchObject({ kind: "error", message: "Cannot open x" })
    const nothing = readAll(agent, workOf(), { lines: [], outcome: exited(2) })
    expect(nothing.outcome.trouble).toMatchObject({ kind: "no_result" })
  })

  test("of a killed agent is an error without a failure of its own", () => {
    const { outcome } = readAll(agent, workOf(), { lines: ["Working"], outcome: killed })
    expect(outcome.trouble).toBeNull()
    expect(outcome.result).toMatchObject({ text: "Working", isError: true })
  })
})
