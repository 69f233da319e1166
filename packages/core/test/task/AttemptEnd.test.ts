import { describe, expect, test } from "bun:test"
import { failureOf } from "@backbeat/core/task/AttemptEnd"
import { describeFailure } from "@backbeat/core/task/Failure"
import { endAt } from "./scenario.ts"

describe("the end of an attempt", () => {
  test("is a success for each of the success exit codes, and only for these", () => {
    const failures = [0, 1, 3].map((exitCode) =>
      failureOf(endAt(0, { kind: "exited", exitCode }), [0, 3])
    )
    expect(failures).toEqual([null, { type: "ExitedNonZero", exitCode: 1 }, null])
  })

  test("is a failure for exit code 0 when that is not a success exit code", () => {
    expect(failureOf(endAt(0, { kind: "exited", exitCode: 0 }), [])).toEqual({
      type: "ExitedNonZero",
      exitCode: 0
    })
  })

  test("is never a success after a signal, whatever the success exit codes", () => {
    expect(failureOf(endAt(0, { kind: "signalled", signal: "SIGKILL" }), [0, 137])).toEqual({
      type: "Signalled",
      signal: "SIGKILL"
    })
  })

  test("is NotSpawned with the reason when nothing ran", () => {
    expect(failureOf(endAt(0, { kind: "notSpawned", message: "no such file: x" }), [0])).toEqual({
      type: "NotSpawned",
      message: "no such file: x"
    })
  })

  test("is Lost with the evidence when it cannot be known", () => {
    expect(
      failureOf(endAt(0, { kind: "lost", evidence: "the machine was started anew" }), [0])
    ).toEqual({
      type: "Lost",
      evidence: "the machine was started anew"
    })
  })
})

describe("a failure", () => {
  test("is described with its facts", () => {
    expect(
      [
        { type: "ExitedNonZero", exitCode: 3 } as const,
        { type: "Signalled", signal: "SIGKILL" } as const,
        { type: "NotSpawned", message: "no such file: x" } as const,
        { type: "TimedOut", timeout: 1000 } as const,
        { type: "StalledOutput", stallTimeout: 500 } as const,
        { type: "DependencyFailed", taskId: "base" } as const,
        { type: "NotReady", probe: "http http://127.0.0.1", output: "refused" } as const,
        { type: "Lost", evidence: "no record" } as const
      ].map(describeFailure)
    ).toEqual([
      "exited with code 3",
      "was killed by SIGKILL",
      "could not be started: no such file: x",
      "timed out after 1000 ms",
      "wrote nothing for 500 ms (its stallTimeoutMs)",
      "depends on base, whose end did not meet the condition",
      "was not ready: http http://127.0.0.1: refused",
      "was lost: no record"
    ])
  })
})
