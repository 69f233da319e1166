/**
 * Transitions and admission on stores in memory. The test controls the clock and the resources of
 * the machine. Started tasks are only recorded, never spawned.
 */
import type { Resources as Sample } from "@backbeat/core/queue/admit"
import { engine } from "@backbeat/core/history/Actor"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import { Database } from "@backbeat/store/Database"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { IdStore } from "@backbeat/store/IdStore"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import { QueueStore } from "@backbeat/store/QueueStore"
import { SessionStore } from "@backbeat/store/SessionStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import { TickStore } from "@backbeat/store/TickStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Admission, layerAdmission } from "../../src/queue/Admission.ts"
import { keepAdmission } from "../../src/queue/keepAdmission.ts"
import { layerEmbedded } from "../../src/queue/Dispatch.ts"
import { layerPauses, Pauses } from "../../src/queue/Pauses.ts"
import { layerClearings } from "../../src/attempt/Clearings.ts"
import { Resources } from "../../src/queue/Resources.ts"
import { type Configuration, defaults } from "../../src/configuration/configuration.ts"
import { layerDelays } from "../../src/attempt/Delays.ts"
import { layerMonitoredAttempts } from "../../src/attempt/MonitoredAttempts.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { layerAlarm } from "../../src/alarm/Alarm.ts"
import { createTasks, layerNowhere, layerRuledTransitions, layerSettingsOf } from "../EngineRig.ts"
import { layerInstances } from "../../src/wiring/once.ts"

export const gibibyte = 1_073_741_824

/** An idle machine. */
export const idle: Sample = {
  cpuPercent: 5,
  isMeasuring: false,
  availableBytes: 64 * gibibyte,
  totalBytes: 64 * gibibyte
}

/** How often each query was made. */
interface Asked {
  resources: number
  ready: number
  busy: number
  paused: number
}

/** What a test can use. */
export interface QueueRig {
  /** The resources of the machine; the test replaces them. */
  machine: Sample
  /** The configuration; the test replaces it. */
  settings: Configuration
  readonly asked: Asked
  readonly transitions: Transitions["Service"]
  readonly pauses: Pauses["Service"]
  readonly admission: Admission["Service"]
  readonly queues: QueueStore["Service"]
  readonly store: TaskStore["Service"]
  /** Advances the clock. */
  readonly pass: (ms: number) => Effect.Effect<void>
  /** Creates tasks in one commit. */
  readonly start: (ids: ReadonlyArray<string>, fields?: Partial<TaskSpec>) => Effect.Effect<void>
  /** Ends the attempt of a task. */
  readonly end: (id: string) => Effect.Effect<void>
  /** The ids of the running tasks, in the order of their start. */
  readonly running: Effect.Effect<ReadonlyArray<string>>
}

type Hands = Pick<QueueRig, "machine" | "settings" | "asked">

const layerCounted = (asked: Asked) =>
  Layer.mergeAll(
    Layer.effect(
      TaskStore,
      Effect.map(TaskStore, (store) => ({
        ...store,
        ready: (filter: Parameters<typeof store.ready>[0]) =>
          Effect.suspend(() => (asked.ready++, store.ready(filter))),
        busy: Effect.suspend(() => (asked.busy++, store.busy))
      }))
    ),
    Layer.effect(
      QueueStore,
      Effect.map(QueueStore, (store) => ({
        ...store,
        paused: Effect.suspend(() => (asked.paused++, store.paused))
      }))
    ),
    Layer.effect(AggregateStore, AggregateStore),
    Layer.effect(IdStore, IdStore),
    Layer.effect(Database, Database),
    Layer.effect(PipelineStore, PipelineStore),
    Layer.effect(SessionStore, SessionStore),
    Layer.effect(TickStore, TickStore)
  ).pipe(Layer.provide(layerMemory))

const layerRig = (hands: Hands) =>
  layerRuledTransitions.pipe(
    Layer.provideMerge(
      Layer.mergeAll(layerAdmission, layerEmbedded, layerPauses, layerClearings, layerDelays)
    ),
    Layer.provideMerge(
      Layer.mergeAll(
        layerCounted(hands.asked),
        layerAlarm,
        layerMonitoredAttempts,
        Layer.succeed(Resources, {
          sample: Effect.sync(() => (hands.asked.resources++, hands.machine))
        }),
        layerNowhere,
        layerInstances,
        layerSettingsOf(() => hands.settings)
      )
    )
  )

/** When the tests begin. */
export const startAt = 1_790_000_000_000

/** Runs a test on a rig of its own. */
export const onQueueRig = <E>(body: (rig: QueueRig) => Effect.Effect<void, E>): Promise<void> =>
  Effect.gen(function* () {
    const clock = yield* TestClock.make()
    yield* clock.setTime(startAt)
    const pass = (ms: number) => Effect.andThen(clock.adjust(ms), Effect.yieldNow)
    const hands: Hands = {
      machine: idle,
      settings: defaults,
      asked: { resources: 0, ready: 0, busy: 0, paused: 0 }
    }
    yield* Effect.gen(function* () {
      const transitions = yield* Transitions
      const store = yield* TaskStore
      yield* keepAdmission
      const running = new Set<string>()
      transitions.onCommit((committed) => {
        for (const { task } of committed) {
          if (task.state.status === "running") running.add(task.id)
          else running.delete(task.id)
        }
      })
      const rig: QueueRig = Object.assign(hands, {
        transitions,
        store,
        pauses: yield* Pauses,
        admission: yield* Admission,
        queues: yield* QueueStore,
        pass,
        start: (ids: ReadonlyArray<string>, fields: Partial<TaskSpec> = {}) =>
          createTasks(ids, { queue: "agents", ...fields }).pipe(
            Effect.provideService(Transitions, transitions),
            Effect.orDie
          ),
        end: (id: string) =>
          Effect.flatMap(Clock.currentTimeMillis, (endedAt) =>
            Effect.asVoid(
              Effect.orDie(
                transitions.apply(
                  id,
                  {
                    type: "End",
                    end: { outcome: { kind: "exited", exitCode: 0 }, endedAt, cpuMs: null }
                  },
                  engine
                )
              )
            )
          ),
        running: Effect.sync(() => [...running])
      })
      yield* body(rig)
    }).pipe(Effect.provide(layerRig(hands)), Effect.provideService(Clock.Clock, clock))
  }).pipe(Effect.scoped, Effect.runPromise)
