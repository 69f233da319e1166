/** What cannot be stored is told to whoever waits for it: on stores in memory that take nothing more. */
import { engine } from "@backbeat/core/task/Actor"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Admission } from "../../src/admission/Admission.ts"
import { layerPauses } from "../../src/admission/Pauses.ts"
import { defaults } from "../../src/home/configuration.ts"
import { Home } from "../../src/home/Home.ts"
import { Settings } from "../../src/home/Settings.ts"
import { layerClearings } from "../../src/task/Clearings.ts"
import { layerLiveAttempts } from "../../src/task/LiveAttempts.ts"
import { layerReports, Reports } from "../../src/task/Reports.ts"
import { layerTransitions, Transitions } from "../../src/task/Transitions.ts"
import { makeUntil } from "../../src/task/until.ts"
import { owner, plainSpec } from "../plainSpec.ts"

/** Whether the store refuses to write. */
const disk = { isReadOnly: false }

const layerRefusing = Layer.provideMerge(
  Layer.effect(
    TaskStore,
    Effect.map(TaskStore, (store) =>
      TaskStore.of({
        ...store,
        transact: (effect) =>
          disk.isReadOnly
            ? Effect.fail(
                new StoreError({ reason: "readonly", message: "EROFS: read-only file system" })
              )
            : store.transact(effect)
      })
    )
  ),
  layerMemory
)

const layerRig = layerReports.pipe(
  Layer.provideMerge(layerTransitions),
  Layer.provideMerge(Layer.mergeAll(layerPauses, layerClearings, layerLiveAttempts)),
  Layer.provideMerge(
    Layer.mergeAll(
      layerRefusing,
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

test("who waits for an end that cannot be stored is told so, and the end is stored once the store takes it", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const reports = yield* Reports
    const store = yield* TaskStore
    const until = yield* makeUntil
    yield* transitions.commit((tx) =>
      tx.create(
        { id: "x", spec: plainSpec, owner, lineage: noLineage },
        { waitsFor: [], broken: null },
        engine
      )
    )
    yield* transitions.apply(
      "x",
      { type: "Stop", reason: null, signal: "SIGTERM", graceMs: 0 },
      engine
    )
    expect((yield* store.find("x"))?.state.status).toBe("stopping")
    disk.isReadOnly = true
    const end = {
      outcome: { kind: "signalled", signal: "SIGTERM" },
      endedAt: 1,
      cpuMs: null
    } as const
    const reporting = yield* Effect.forkChild(
      reports.report({ id: "x", attempt: 1, byStop: true }, { type: "End", end })
    )
    const refused = yield* Effect.flip(until("x", ({ state }) => state.status === "cancelled"))
    expect(refused).toMatchObject({
      _tag: "StoreError",
      reason: "readonly",
      message:
        "the processes of task x are gone; that cannot be stored: EROFS: read-only file system"
    })
    disk.isReadOnly = false
    expect((yield* until("x", ({ state }) => state.status === "cancelled")).state.status).toBe(
      "cancelled"
    )
    yield* Fiber.join(reporting)
  }).pipe(Effect.provide(layerRig), Effect.runPromise))
