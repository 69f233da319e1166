/** Tasks and pipelines that are created without a call: in this process, on stores in memory. */
import { StartInput } from "@backbeat/contract/operation/start"
import { decodePayload } from "@backbeat/contract/decodePayload"
import { pipelineCreate } from "@backbeat/contract/operation/pipeline"
import { History } from "@backbeat/store/History"
import { TaskStore } from "@backbeat/store/TaskStore"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Origin } from "../../src/creation/Origin.ts"
import { makePipelineCreation } from "../../src/creation/pipelineCreation.ts"
import { makeTaskCreation } from "../../src/creation/taskCreation.ts"
import { readEnvironment } from "../../src/home/TaskEnvironment.ts"
import { layerEngineRig } from "../EngineRig.ts"

/** The origin of a tick of a schedule that a session has created. */
const tick: Origin = {
  actor: { kind: "schedule", client: "nightly" },
  owner: { sessionId: "s-1", taskId: null, depth: 1 },
  requestId: "nightly-20261129T020000Z",
  requestedAt: 1_790_000_000_000,
  repeated: false,
  machine: "here",
  cwd: "/",
  umask: 0o027,
  environment: { PATH: "/usr/bin:/bin", TOKEN: "secret" },
  processLimits: null,
  batch: null
}

const payload = (given: typeof StartInput.Encoded) => ({
  input: Schema.decodeUnknownSync(StartInput)(given),
  index: 0
})

let root = ""
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "backbeat-creation-"))
})
afterEach(() => rmSync(root, { recursive: true }))

const onRig = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.provide(body, layerEngineRig({ root }))

describe("a task that is created without a call", () => {
  test("has the owner, folder and environment of its origin", () =>
    onRig(
      Effect.gen(function* () {
        const start = yield* makeTaskCreation
        const store = yield* TaskStore
        const [started] = yield* start([payload({ id: "x", command: "true" })], tick)
        expect(started?.result).toMatchObject(Result.succeed({ id: "x" }))
        const task = yield* store.find("x")
        expect(task).toMatchObject({
          spec: { cwd: "/", umask: 0o027 },
          owner: { sessionId: "s-1", depth: 1, requestId: `${tick.requestId}#0` },
          state: { status: "running" }
        })
        expect(task === null ? null : readEnvironment(root, task)).toEqual(tick.environment)
        const [created] = yield* (yield* History).events({ since: 0, limit: 1 })
        expect(created).toMatchObject({ actor: tick.actor, event: { type: "task.created" } })
      })
    ).pipe(Effect.runPromise))

  test("is created once, however often the same origin requests it", () =>
    onRig(
      Effect.gen(function* () {
        const start = yield* makeTaskCreation
        const store = yield* TaskStore
        const item = payload({ command: "true" })
        const [first] = yield* start([item], tick)
        const [again] = yield* start([item], { ...tick, repeated: true })
        const idOf = (started: typeof first) =>
          started === undefined ? null : Result.map(started.result, ({ id }) => id)
        expect(idOf(again)).toEqual(idOf(first))
        expect((yield* store.list({}, { limit: 9 })).total).toBe(1)
      })
    ).pipe(Effect.runPromise))

  test("is rejected beyond the quota before anything is stored", () =>
    onRig(
      Effect.gen(function* () {
        const start = yield* makeTaskCreation
        const deep = { ...tick, owner: { ...tick.owner, depth: 99 } }
        const [started] = yield* start([payload({ id: "x", command: "true" })], deep)
        expect(started?.result).toMatchObject(
          Result.fail({ _tag: "Problem", type: "QuotaExceeded" })
        )
        expect(readEnvironment(root, { id: "x", owner: {} })).toBeNull()
      })
    ).pipe(Effect.runPromise))
})

describe("a pipeline that is created without a call", () => {
  test("has tasks of the same origin", () =>
    onRig(
      Effect.gen(function* () {
        const { create } = yield* makePipelineCreation
        const store = yield* TaskStore
        const steps = ["true", "true"]
        const input = Result.getOrThrow(decodePayload(pipelineCreate, { id: "p", steps }))
        const { taskIds } = yield* create(input, tick)
        expect(taskIds).toEqual(["p.1", "p.2"])
        const { tasks } = yield* store.list({ pipelineId: "p" }, { limit: 9 })
        expect(tasks.map(({ owner }) => owner.sessionId)).toEqual(["s-1", "s-1"])
      })
    ).pipe(Effect.runPromise))
})
