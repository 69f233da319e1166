import { describe, expect, test } from "bun:test"
import { created, evolve } from "@backbeat/core/task/evolve"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import * as scenario from "./scenario.ts"
import { specOf } from "./scenario.ts"

const occasion = { at: 400, actor: scenario.other }

describe("a created task", () => {
  test("is queued for its first attempt, not before its notBefore", () => {
    const event = {
      type: "task.created",
      spec: specOf({ notBefore: 900 }),
      owner: scenario.owner,
      lineage: noLineage,
      blocked: false
    } as const
    expect(created("demo", event, 5)).toEqual({
      id: "demo",
      spec: event.spec,
      owner: scenario.owner,
      lineage: noLineage,
      createdAt: 5,
      restartCount: 0,
      state: { status: "queued", since: 5, notBefore: 900, attempt: 1, tries: 0 }
    })
  })

  test("is blocked when it waits for dependencies", () => {
    expect(scenario.blocked().state).toEqual({ status: "blocked", since: 0, attempt: 1, tries: 0 })
  })

  test("starts over when its creation is applied to it, as in a replay", () => {
    const event = {
      type: "task.created",
      spec: specOf(),
      owner: scenario.owner,
      lineage: noLineage,
      blocked: false
    } as const
    expect(evolve(scenario.failed(), event, { at: 5, actor: scenario.caller })).toEqual(
      created("demo", event, 5)
    )
  })
})

describe("a running task", () => {
  const probed = specOf({ healthProbe: { http: "http://127.0.0.1" } })

  test("keeps everything but its health when a probe reports", () => {
    const before = scenario.running(probed)
    const after = evolve(before, { type: "task.unhealthy", output: "refused" }, occasion)
    expect(after).toEqual({
      ...before,
      state: { status: "running", startedAt: 100, health: "unhealthy", attempt: 1, tries: 1 }
    })
  })

  test("gets its spawn time from its next event, and keeps it", () => {
    const ready = evolve(scenario.running(probed), { type: "task.ready", spawnedAt: 150 }, occasion)
    expect(ready.state).toMatchObject({ startedAt: 100, spawnedAt: 150, health: "ready" })
    expect(
      evolve(ready, { type: "task.completed", end: scenario.endAt(300) }, occasion).state
    ).toMatchObject({ startedAt: 100, spawnedAt: 150 })
  })

  test("keeps its state when its specification changes", () => {
    const before = scenario.running()
    expect(evolve(before, { type: "task.changed", spec: probed }, occasion)).toEqual({
      ...before,
      spec: probed
    })
  })
})

describe("a stopped task", () => {
  const gone: TaskEvent = {
    type: "task.cancelled",
    reason: "enough",
    failure: null,
    end: scenario.exitAt(300, 143)
  }

  test("is cancelled by the caller who stopped it, not by the engine that saw its end", () => {
    expect(evolve(scenario.stopping(), gone, occasion).state).toMatchObject({ by: scenario.caller })
    expect(evolve(scenario.running(), gone, occasion).state).toMatchObject({ by: scenario.other })
  })

  test("ends with its process, or at the stop if it was waiting for a retry", () => {
    expect(evolve(scenario.stopping(), gone, occasion).state).toMatchObject({ endedAt: 300 })
    expect(evolve(scenario.retrying(), gone, occasion).state).toMatchObject({
      endedAt: 400,
      startedAt: 100
    })
    expect(evolve(scenario.queued(), { ...gone, end: null }, occasion).state).toMatchObject({
      endedAt: 400,
      startedAt: null
    })
  })
})

describe("a late event", () => {
  test("does not change the health of a task that does not run", () => {
    const before = scenario.completed()
    expect(evolve(before, { type: "task.ready" }, occasion)).toEqual(before)
    expect(evolve(before, { type: "task.unhealthy", output: "" }, occasion)).toEqual(before)
  })
})
