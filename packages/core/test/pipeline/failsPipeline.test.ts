import { describe, expect, test } from "bun:test"
import { failsPipeline } from "@backbeat/core/pipeline/failsPipeline"
import type { Failure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskState } from "@backbeat/core/task/TaskState"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import { endAt, other, owner, specOf } from "../task/scenario.ts"

const attempt = { attempt: 1, tries: 1 }
const taskIn = (state: TaskState): Task => ({
  id: "t",
  spec: specOf(),
  owner,
  lineage: noLineage,
  createdAt: 0,
  restartCount: 0,
  state
})
const cancelled = (failure: Failure | null): Task =>
  taskIn({
    status: "cancelled",
    startedAt: null,
    endedAt: 1,
    end: null,
    failure,
    by: other,
    reason: null,
    ...attempt
  })
const withdrawn = cancelled({ type: "DependencyFailed", taskId: "cause" })

describe("a pipeline", () => {
  test("does not fail because of a completed task", () => {
    expect(
      failsPipeline(taskIn({ status: "completed", startedAt: 0, end: endAt(1), ...attempt }), null)
    ).toBe(false)
  })

  test("fails with a task that failed, and with one that a caller cancelled", () => {
    const failure: Failure = { type: "ExitedNonZero", exitCode: 1 }
    expect(
      failsPipeline(
        taskIn({ status: "failed", startedAt: 0, failure, end: endAt(1), ...attempt }),
        null
      )
    ).toBe(true)
    expect(failsPipeline(cancelled(null), null)).toBe(true)
  })

  test.each(["failed", "cancelled", null] as const)(
    "fails with a task that was withdrawn because of a task that is %p",
    (cause) => {
      expect(failsPipeline(withdrawn, cause)).toBe(true)
    }
  )

  test("does not fail with a task that was withdrawn because of a success", () => {
    expect(failsPipeline(withdrawn, "completed")).toBe(false)
  })
})
