import { describe, expect, test } from "bun:test"
import type { Evaluation } from "@backbeat/core/loop/LoopSpec"
import { type EvaluationEnd, verdictOf } from "@backbeat/core/loop/verdict"
import type { Failure } from "@backbeat/core/task/Failure"
import { exited, optimize, retry } from "./scenario.ts"

const command: Evaluation = { kind: "command", command: "npm test" }
const judge: Evaluation = { kind: "judge", prompt: "Is it good?", agent: null, model: null }
const failed = (failure: Failure): EvaluationEnd => ({ ...exited(0), exitCode: null, failure })
const answered = (structured: unknown): EvaluationEnd => ({ ...exited(0), structured })

describe("an exit condition", () => {
  test("passes with exit code 0 and fails with any code that a command of it may give", () => {
    const kinds = [0, 1, 2, 125, 128, 139].map(
      (code) => verdictOf(command, retry.strategy, exited(code)).kind
    )
    expect(kinds).toEqual(["pass", "fail", "fail", "fail", "fail", "fail"])
  })

  test.each([
    exited(126),
    exited(127),
    failed({ type: "Signalled", signal: "SIGKILL" }),
    failed({ type: "TimedOut", timeout: 1000 }),
    failed({ type: "NotSpawned", message: "no such folder" }),
    failed({ type: "Lost", evidence: "the machine was rebooted" }),
    { ...exited(0), stopped: true }
  ])("tells nothing of the work when it could not be carried out: %p", (end) => {
    expect(verdictOf(command, retry.strategy, end).kind).toBe("crash")
  })

  test("of optimize must print one number as its last line, and exit with 0", () => {
    const { strategy } = optimize()
    expect(verdictOf(command, strategy, exited(0, "0.75"))).toEqual({
      kind: "score",
      score: 0.75,
      reason: null
    })
    expect(verdictOf(command, strategy, exited(0, "0.75 s")).kind).toBe("crash")
    expect(verdictOf(command, strategy, exited(0)).kind).toBe("crash")
    expect(verdictOf(command, strategy, exited(1, "0.75")).kind).toBe("crash")
  })
})

describe("a judge", () => {
  test("passes or fails by its word, whose reason is kept", () => {
    expect(verdictOf(judge, retry.strategy, answered({ pass: false, reason: "no tests" }))).toEqual(
      {
        kind: "fail",
        reason: "no tests"
      }
    )
    expect(verdictOf(judge, retry.strategy, answered({ pass: true })).kind).toBe("pass")
  })

  test("has to give a score for optimize", () => {
    const { strategy } = optimize()
    expect(verdictOf(judge, strategy, answered({ pass: true, score: 7 })).kind).toBe("score")
    expect(verdictOf(judge, strategy, answered({ pass: true })).kind).toBe("crash")
  })

  test.each([[null], ["pass"], [{ pass: "yes" }], [{ pass: true, score: "7" }]])(
    "whose answer is %p tells nothing of the work",
    (structured) => {
      expect(verdictOf(judge, retry.strategy, answered(structured)).kind).toBe("crash")
    }
  )

  test("that fails tells nothing of the work, whatever its exit code", () => {
    expect(verdictOf(judge, retry.strategy, exited(1)).kind).toBe("crash")
  })
})
