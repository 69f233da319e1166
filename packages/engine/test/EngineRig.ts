/**
 * The engine in this process, on stores in memory: real transitions, commit rules, reports and
 * answers. Started tasks are only recorded: nothing is spawned, and no folder is created.
 */
import { engine } from "@backbeat/core/history/Actor"
import { noLineage, type TaskSpec } from "@backbeat/core/task/TaskSpec"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Stores } from "@backbeat/store/Stores"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Admission } from "../src/queue/Admission.ts"
import { type Dispatch, layerEmbedded } from "../src/queue/Dispatch.ts"
import { layerPauses } from "../src/queue/Pauses.ts"
import { layerView } from "../src/view/View.ts"
import { type Configuration, defaults } from "../src/configuration/configuration.ts"
import { Home } from "../src/home/Home.ts"
import { Settings } from "../src/configuration/Settings.ts"
import { layerCommitRules } from "../src/rules/layerCommitRules.ts"
import { layerClearings } from "../src/attempt/Clearings.ts"
import { layerDelays } from "../src/attempt/Delays.ts"
import { layerMonitoredAttempts } from "../src/attempt/MonitoredAttempts.ts"
import { layerReports } from "../src/commit/Reports.ts"
import { layerStops } from "../src/attempt/Stops.ts"
import { Supervisor } from "../src/supervisor/Supervisor.ts"
import { layerTransitions, Transitions } from "../src/commit/Transitions.ts"
import { layerInstances } from "../src/wiring/once.ts"
import { owner, plainSpec } from "./plainSpec.ts"

const layerHomeAt = (root: string) =>
  Layer.succeed(Home, { root, configPath: `${root}/config.json`, version: "0.0.0" })

/** A home without a folder: nothing of a task is on the disk. */
export const layerNowhere = layerHomeAt("/nowhere")

/** A configuration that the test may replace at any time. */
export const layerSettingsOf = (current: () => Configuration) =>
  Layer.succeed(Settings, {
    current,
    resolved: () => ({
      config: current(),
      sources: {},
      variables: {},
      ignored: [],
      problems: []
    }),
    file: () => undefined,
    write: () => {}
  })

/** Admits no agent. */
const layerClosed = Layer.succeed(Admission, {
  admit: () => Effect.succeed({ admitted: 0, limitedBy: null }),
  isSampleFresh: () => false,
  limitedBy: () => null,
  setLimitedBy: () => {},
  onCommit: () => {}
})

/** Transitions with their rules, on the admission, stores and settings below. */
export const layerRuledTransitions = Layer.provide(layerTransitions, layerCommitRules)

/**
 * What a test may replace: the stores in memory, the home without a folder, the dispatch of all
 * tasks to this engine.
 */
interface Parts {
  readonly stores: Layer.Layer<Stores, StoreError>
  readonly root: string
  readonly dispatch: Layer.Layer<Dispatch>
}

/** The whole rig. */
export const layerEngineRig = ({
  stores = layerMemory,
  root = "/nowhere",
  dispatch = layerEmbedded
}: Partial<Parts> = {}) =>
  layerView.pipe(
    Layer.provideMerge(
      Layer.succeed(Supervisor, { takeOver: () => Effect.void, acted: () => Effect.void })
    ),
    Layer.provideMerge(layerReports),
    Layer.provideMerge(layerRuledTransitions),
    Layer.provideMerge(
      Layer.mergeAll(
        layerPauses,
        dispatch,
        layerClearings,
        layerDelays,
        layerMonitoredAttempts,
        layerStops,
        layerClosed
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(
        stores,
        layerHomeAt(root),
        layerInstances,
        layerSettingsOf(() => defaults)
      )
    )
  )

/** The state of a task's dependencies when there are none. */
export const free = { waitsFor: [], failure: null }

/** A task without dependencies, as a transaction creates it. */
export const newTask = (
  id: string,
  fields: Partial<TaskSpec> = {},
  pipelineId: string | null = null
) => ({
  id,
  spec: { ...plainSpec, ...fields },
  owner,
  lineage: { ...noLineage, pipelineId }
})

/** Creates tasks in one commit. */
export const createTasks = Effect.fnUntraced(function* (
  ids: ReadonlyArray<string>,
  fields: Partial<TaskSpec> = {}
) {
  const transitions = yield* Transitions
  yield* transitions.commit((tx) =>
    Effect.forEach(ids, (id) => tx.create(newTask(id, fields), free, engine), { discard: true })
  )
})
