/** A stop whose task changes between the look at its processes and the transaction: on stores in memory, nothing is spawned. */
import { engine } from "@backbeat/core/task/Actor"
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Admission } from "../../src/admission/Admission.ts"
import { layerPauses } from "../../src/admission/Pauses.ts"
import { makeSteerHandlers } from "../../src/handlers/steer.ts"
import { layerView } from "../../src/handlers/View.ts"
import { defaults } from "../../src/home/configuration.ts"
import { Home } from "../../src/home/Home.ts"
import { Settings } from "../../src/home/Settings.ts"
import { Clearings, layerClearings } from "../../src/task/Clearings.ts"
import { layerLiveAttempts } from "../../src/task/LiveAttempts.ts"
import { layerReports } from "../../src/task/Reports.ts"
import { layerStops } from "../../src/task/Stops.ts"
import { Supervisor } from "../../src/task/Supervisor.ts"
import { layerTransitions, Transitions } from "../../src/task/Transitions.ts"
import { owner, plainSpec } from "../plainSpec.ts"

const layerRig = layerView.pipe(
  Layer.provideMerge(
    Layer.succeed(Supervisor, { takeOver: () => Effect.void, acted: Effect.void })
  ),
  Layer.provideMerge(layerReports),
  Layer.provideMerge(layerTransitions),
  Layer.provideMerge(Layer.mergeAll(layerPauses, layerClearings, layerLiveAttempts, layerStops)),
  Layer.provideMerge(
    Layer.mergeAll(
      layerMemory,
      Layer.succeed(Admission, {
        admit: () => Effect.succeed({ admitted: 0, held: null }),
        holdsStill: () => false,
        held: () => null,
        hold: () => {},
        hear: () => {}
      }),
      Layer.succeed(Home, {
        root: "/nowhere",
        configPath: "/nowhere/config.json",
        version: "0.0.0"
      }),
      Layer.succeed(Settings, {
        current: () => defaults,
        resolved: () => ({
          config: defaults,
          sources: {},
          variables: {},
          ignored: [],
          problems: []
        }),
        file: () => undefined,
        write: () => {}
      })
    )
  )
)

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

test("a stop of a task whose next attempt begins meanwhile waits for the end of that attempt", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const store = yield* TaskStore
    const clearings = yield* Clearings
    const [stop] = yield* makeSteerHandlers
    const spec = { ...plainSpec, restart: { ...defaultRestartPolicy, when: "on-failure" as const } }
    yield* transitions.commit((tx) =>
      tx.create(
        { id: "x", spec, owner, lineage: noLineage },
        { waitsFor: [], broken: null },
        engine
      )
    )
    yield* transitions.apply("x", exited(1), engine)
    clearings.set("x", { kind: "clear" })
    // It has read the task and looks at its processes, which takes a turn of the event loop at least.
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
  }).pipe(Effect.provide(layerRig), Effect.runPromise))
