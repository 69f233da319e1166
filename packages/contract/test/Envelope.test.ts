import { describe, expect, test } from "bun:test"
import { addressed, exitCodeOf, exitCodes, failed, succeeded } from "@backbeat/contract/Envelope"
import {
  atField,
  commandInputError,
  problem,
  problemTypes,
  taskNotFound,
  withTry
} from "@backbeat/contract/Problem"

describe("the document of an answer", () => {
  test("of a success contains the command and its data", () => {
    expect(JSON.stringify(succeeded("status", { task: null }))).toBe(
      '{"ok":true,"command":"status","data":{"task":null}}'
    )
  })

  test("of a failure contains type, message, facts, hint and whether a retry helps", () => {
    expect(JSON.stringify(failed("status", taskNotFound("bg_x")))).toBe(
      '{"ok":false,"command":"status","error":{"type":"TaskNotFound","message":"task not found: bg_x","try":{"operation":"list","payload":{}},' +
        '"details":{"id":"bg_x","hint":"Run list to see the task ids.","retryable":false}}}'
    )
  })

  test("of a failure has hint and retryable even without facts, and facts cannot replace them", () => {
    expect(failed("x", commandInputError("no", "do")).error.details).toEqual({
      hint: "do",
      retryable: false
    })
    expect(
      failed("x", problem("TaskWaitTimedOut", "no", "do", { hint: "other", retryable: false }))
        .error.details
    ).toEqual({ hint: "do", retryable: true })
  })
})

describe("the next call of a failure", () => {
  const told = withTry(commandInputError("no", "do"), "wait", { id: "a" })

  test("is beside the type, and left out above 1,000 bytes", () => {
    expect(failed("x", told).error.try).toEqual({ operation: "wait", payload: { id: "a" } })
    expect(
      failed("x", withTry(told, "start", { script: "ü".repeat(500) })).error
    ).not.toHaveProperty("try")
  })

  test("repeats no value of a variable, unless env itself is wrong", () => {
    const secret = { command: "true", env: { TOKEN: "s3cret" } }
    const other = atField("comand", commandInputError("no", "do"))
    expect(failed("x", withTry(other, "start", secret)).error).not.toHaveProperty("try")
    expect(
      failed("x", withTry(other, "pipeline create", { tasks: [secret] })).error
    ).not.toHaveProperty("try")
    expect(failed("x", withTry(other, "start", { command: "true", env: {} })).error).toHaveProperty(
      "try"
    )
    expect(
      failed("x", withTry(atField("env", commandInputError("no", "do")), "start", secret)).error
    ).toHaveProperty("try")
    expect(
      failed(
        "x",
        withTry(atField("steps[1].env[0]", commandInputError("no", "do")), "start", secret)
      ).error
    ).toHaveProperty("try")
  })

  test("keeps the flags of a call of the same operation, except those that only change how it looks", () => {
    const flags = { timeout: 5, pretty: true, human: true, color: true }
    expect(addressed(told, { operation: "wait", flags }).try).toEqual({
      operation: "wait",
      payload: { id: "a" },
      flags: { timeout: 5 }
    })
    expect(addressed(told, { operation: "wait", flags: { pretty: true } }).try).toEqual({
      operation: "wait",
      payload: { id: "a" }
    })
    expect(addressed(told, { operation: "status", flags }).try).toEqual({
      operation: "wait",
      payload: { id: "a" }
    })
  })

  test("is left out if the payload came from a file or stdin", () => {
    for (const payloadFrom of ["file", "stdin"] as const) {
      expect(addressed(told, { operation: "wait", flags: {}, payloadFrom })).not.toHaveProperty(
        "try"
      )
    }
  })
})

describe("the exit code", () => {
  test("is 70 for a defect of backbeat and 1 for every other failure", () => {
    expect(exitCodes.ok).toBe(0)
    expect(exitCodeOf(problem("InternalError", "", ""))).toBe(70)
    expect(exitCodeOf(commandInputError("", ""))).toBe(1)
    expect(exitCodeOf(taskNotFound("x"))).toBe(1)
  })
})

describe("the error types", () => {
  test("that are retryable are those of time, reachability, quota and incomplete stops", () => {
    expect(
      Object.entries(problemTypes).flatMap(([type, { retryable }]) => (retryable ? [type] : []))
    ).toEqual(["TaskWaitTimedOut", "StopIncomplete", "EngineUnreachable", "QuotaExceeded"])
  })
})
