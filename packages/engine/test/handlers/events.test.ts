/** A stream of the events of many tasks, on stores in memory. */
import { engine } from "@backbeat/core/task/Actor"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Admission } from "../../src/admission/Admission.ts"
import { layerPauses } from "../../src/admission/Pauses.ts"
import { makeEventsHandler } from "../../src/handlers/events.ts"
import { layerView } from "../../src/handlers/View.ts"
import { defaults } from "../../src/home/configuration.ts"
import { Home } from "../../src/home/Home.ts"
import { Settings } from "../../src/home/Settings.ts"
import { layerClearings } from "../../src/task/Clearings.ts"
import { layerLiveAttempts } from "../../src/task/LiveAttempts.ts"
import { layerReports } from "../../src/task/Reports.ts"
import { Supervisor } from "../../src/task/Supervisor.ts"
import { layerTransitions, Transitions } from "../../src/task/Transitions.ts"
import { owner, plainSpec } from "../plainSpec.ts"

let finds = 0

/** A store that counts how often a single task is looked up. */
const layerCounting = Layer.provideMerge(
  Layer.effect(
    TaskStore,
    Effect.map(TaskStore, (store) =>
      TaskStore.of({
        ...store,
        find: (id) => {
          finds++
          return store.find(id)
        }
      })
    )
  ),
  layerMemory
)

const layerRig = layerView.pipe(
  Layer.provideMerge(
    Layer.succeed(Supervisor, { takeOver: () => Effect.void, acted: Effect.void })
  ),
  Layer.provideMerge(layerReports),
  Layer.provideMerge(layerTransitions),
  Layer.provideMerge(Layer.mergeAll(layerPauses, layerClearings, layerLiveAttempts)),
  Layer.provideMerge(
    Layer.mergeAll(
      layerCounting,
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

test("a stream of the events of many tasks looks up none of them again with each page", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const { stream } = yield* makeEventsHandler
    const ids = Array.from({ length: 200 }, (_, index) => `t${index}`)
    yield* transitions.commit((tx) =>
      Effect.forEach(
        ids,
        (id) =>
          tx.create(
            { id, spec: plainSpec, owner, lineage: noLineage },
            { waitsFor: [], broken: null },
            engine
          ),
        { discard: true }
      )
    )
    const frames = yield* stream({ ids, follow: true, types: ["task.completed"] })
    const begun = finds
    const seen: Array<string> = []
    const end = (id: string) =>
      Effect.ignore(
        transitions.apply(
          id,
          {
            type: "End",
            end: { outcome: { kind: "exited", exitCode: 0 }, endedAt: 1, cpuMs: null }
          },
          engine
        )
      )
    // Each frame that arrives makes the next one, each in a page of its own, until all have ended.
    yield* end("t0")
    yield* Stream.runForEach(
      Stream.filter(frames, ({ type }) => type === "task.completed"),
      () => {
        seen.push("one")
        return seen.length < ids.length ? end(`t${seen.length}`) : Effect.void
      }
    )
    expect(seen).toHaveLength(ids.length)
    // Each end looks up its own task, and nothing else does.
    expect(finds - begun).toBeLessThan(4 * ids.length)
  }).pipe(Effect.provide(layerRig), Effect.runPromise))
