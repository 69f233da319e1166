/**
 * A stop whose task changes between the process scan and the transaction: on stores in memory,
 * nothing is spawned.
 */
import { engine } from "@backbeat/core/history/Actor"
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { makeControlHandlers } from "../../src/handlers/control.ts"
import { Clearings } from "../../src/attempt/Clearings.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { createTasks, layerEngineRig } from "../EngineRig.ts"

const exited = (exitCode: number): TaskCommand => ({
  type: "End",
  end: { outcome: { kind: "exited", exitCode }, endedAt: 1, cpuMs: null }
})
const call = {
  caller: {
    client: "test",
    version: "0.0.0",
    cwd: "/",
    pid: 1,
    requestId: "r",
    requestedAt: 1,
    env: {}
  },
  flags: {}
}

test("a stop of a task whose next attempt starts meanwhile waits for the end of that attempt", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const store = yield* TaskStore
    const clearings = yield* Clearings
    const [stop] = yield* makeControlHandlers
    const restart = { ...defaultRestartPolicy, when: "on-failure" as const }
    yield* createTasks(["x"], { restart })
    yield* transitions.apply("x", exited(1), engine)
    clearings.set("x", { kind: "clear" })
    // The stop has read the task and is scanning processes, which takes at least one turn of the
    // event loop.
    const stopped = yield* Effect.forkChild(stop.answer({ id: "x" }, call), {
      startImmediately: true
    })
    yield* transitions.apply("x", { type: "Retry" }, engine)
    expect((yield* store.find("x"))?.state).toMatchObject({ status: "running", attempt: 2 })
    while ((yield* store.find("x"))?.state.status !== "stopping") yield* Effect.sleep(1)
    yield* Effect.sleep(20)
    expect(stopped.pollUnsafe()).toBeUndefined()
    yield* transitions.apply("x", exited(143), engine)
    expect(yield* Fiber.join(stopped)).toMatchObject({ task: { status: "cancelled", attempt: 2 } })
  }).pipe(Effect.provide(layerEngineRig()), Effect.runPromise))
