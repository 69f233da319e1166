import { describe, expect, test } from "bun:test"
import { created, evolve } from "@backbeat/core/pipeline/evolve"
import { decide } from "@backbeat/core/pipeline/decide"
import type { PipelineCommand } from "@backbeat/core/pipeline/PipelineCommand"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { PipelineEvent } from "@backbeat/core/pipeline/PipelineEvent"
import {
  makePipelineId,
  NewPipelineId,
  PipelineId,
  TaskKey
} from "@backbeat/core/pipeline/PipelineId"
import type { Actor } from "@backbeat/core/history/Actor"
import { engine } from "@backbeat/core/history/Actor"
import { TaskId } from "@backbeat/core/task/TaskId"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const owner = { sessionId: null, taskId: null, depth: 0 }
const someone: Actor = { kind: "caller", client: "test" }
const other: Actor = { kind: "caller", client: "other" }

const creation = { type: "pipeline.created", name: "n", taskIds: ["p.1", "p.2"], owner } as const
const running = created("p", creation, 10)

const cancel = (reason: string | null): PipelineCommand => ({ type: "Cancel", reason })
const conclude = (failed: string | null = null): PipelineCommand => ({ type: "Conclude", failed })

const eventsOf = (command: PipelineCommand, pipeline: Pipeline): ReadonlyArray<PipelineEvent> =>
  Result.getOrThrow(decide(command, pipeline))
const after = (pipeline: Pipeline, command: PipelineCommand, actor: Actor = engine): Pipeline =>
  eventsOf(command, pipeline).reduce(
    (now, event) => evolve(now, event, { at: 20, actor }),
    pipeline
  )

const cancelling = after(running, cancel("enough"), someone)

describe("a running pipeline", () => {
  test("has the facts of its creation, and no cancellation", () => {
    expect(running).toEqual({
      id: "p",
      name: "n",
      taskIds: ["p.1", "p.2"],
      owner,
      createdAt: 10,
      state: { status: "running", cancelling: null }
    })
    expect(evolve(cancelling, creation, { at: 10, actor: engine })).toEqual(running)
  })

  test("completes when its tasks have ended and none has failed", () => {
    expect(eventsOf(conclude(), running)).toEqual([{ type: "pipeline.completed" }])
    expect(after(running, conclude()).state).toEqual({ status: "completed", endedAt: 20 })
  })

  test("fails with the first of its tasks that failed it", () => {
    expect(eventsOf(conclude("p.2"), running)).toEqual([{ type: "pipeline.failed", taskId: "p.2" }])
    expect(after(running, conclude("p.2")).state).toEqual({ status: "failed", endedAt: 20 })
  })

  test("still runs after a cancellation, and keeps who cancelled it and why", () => {
    expect(eventsOf(cancel("enough"), running)).toEqual([
      { type: "pipeline.cancelling", reason: "enough" }
    ])
    expect(cancelling.state).toEqual({
      status: "running",
      cancelling: { by: someone, reason: "enough" }
    })
  })
})

describe("a pipeline that is being cancelled", () => {
  test("is cancelled by the caller who asked for it, however its tasks ended", () => {
    for (const failed of [null, "p.1"]) {
      expect(eventsOf(conclude(failed), cancelling)).toEqual([
        { type: "pipeline.cancelled", reason: "enough" }
      ])
      expect(after(cancelling, conclude(failed)).state).toEqual({
        status: "cancelled",
        endedAt: 20,
        by: someone,
        reason: "enough"
      })
    }
  })

  test("keeps its first reason", () => {
    expect(eventsOf(cancel("more"), cancelling)).toEqual([])
    expect(after(cancelling, cancel("more"), other)).toEqual(cancelling)
  })
})

describe("a pipeline that has ended", () => {
  test.each([
    after(running, conclude()),
    after(running, conclude("p.1")),
    after(cancelling, conclude())
  ])("refuses everything: $state.status", (ended) => {
    for (const command of [cancel(null), conclude(), conclude("p.1")]) {
      expect(Result.getOrThrow(Result.flip(decide(command, ended)))).toEqual({
        _tag: "PipelineEnded",
        id: "p",
        status: ended.state.status
      })
    }
  })
})

describe("a restart", () => {
  test.each([
    after(running, conclude()),
    after(running, conclude("p.1")),
    after(cancelling, conclude())
  ])("makes one run again that is $state.status", (ended) => {
    const again = after(ended, { type: "Restart", reason: "more" })
    expect(again.state).toEqual({ status: "running", cancelling: null, restartedAt: 20 })
    expect(after(again, conclude()).state).toEqual({
      status: "completed",
      endedAt: 20,
      restartedAt: 20
    })
    expect(after(after(again, cancel("enough")), conclude()).state).toMatchObject({
      status: "cancelled",
      restartedAt: 20
    })
  })

  test("changes nothing in a running pipeline", () => {
    expect(eventsOf({ type: "Restart", reason: null }, running)).toEqual([])
  })
})

describe("the id of a pipeline", () => {
  test("leaves space for the ids of its tasks", () => {
    const [longest, key] = ["a".repeat(94), "k".repeat(31)]
    expect([Schema.is(NewPipelineId)(longest), Schema.is(TaskKey)(key)]).toEqual([true, true])
    expect(Schema.is(TaskId)(`${longest}.${key}-2`)).toBe(true)
    expect(["", ".a", "a/b", `${longest}a`].filter(Schema.is(NewPipelineId))).toEqual([])
    expect(["", ".a", "a/b", `${key}k`].filter(Schema.is(TaskKey))).toEqual([])
  })

  test("is generated with 12 characters that sort by time", () => {
    const made = [0, 31, 32, 1_795_243_082_000].map((at) => makePipelineId(at, 7))
    expect(made[0]).toBe("pipeline-000000000007")
    expect(made.toSorted()).toEqual(made)
    expect(
      made.filter((id) => !Schema.is(NewPipelineId)(id) || !Schema.is(PipelineId)(id))
    ).toEqual([])
  })
})
