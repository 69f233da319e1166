/**
 * Executes commits: opens started attempts, stops stopping ones, and releases ended ones. Execution
 * may be repeated: an attempt opens at most once per folder, and a stop can be started again.
 */
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import { attemptDir, Home } from "../home/Home.ts"
import { deleteEnvironment } from "../home/TaskEnvironment.ts"
import { errorMessage } from "../process/thrown.ts"
import { makeLanes } from "./lanes.ts"
import { makeClear } from "./clear.ts"
import { Clearings } from "../attempt/Clearings.ts"
import { Deadlines } from "./Deadlines.ts"
import { foundSpawn } from "../attempt/foundSpawn.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { makeMonitorAttempt } from "./monitorAttempt.ts"
import { makeOpen } from "./open.ts"
import { persistently } from "../alarm/persistently.ts"
import { makeSettle } from "./settle.ts"
import { makeStop } from "./stop.ts"
import { Dispatch } from "../queue/Dispatch.ts"
import { Transitions } from "../commit/Transitions.ts"
import type { Committed } from "../commit/Tx.ts"

/** Supervises running attempts. */
export class Supervisor extends Context.Service<
  Supervisor,
  {
    /**
     * Adopts an attempt that is running or stopping in the store and that an earlier engine opened,
     * or was about to. With `isLiving` its processes were found, whatever its folder says, so it is
     * not opened.
     */
    readonly takeOver: (task: Task, isLiving: boolean) => Effect.Effect<void>
    /** Returns when all earlier commits have been executed, as far as they concern these tasks. */
    readonly acted: (ids: ReadonlyArray<string>) => Effect.Effect<void>
  }
>()("@backbeat/engine/Supervisor") {}

const make = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const monitored = yield* MonitoredAttempts
  const deadlines = yield* Deadlines
  const monitorAttempt = yield* makeMonitorAttempt
  const { onEnd } = yield* makeSettle
  const { adopt, open } = yield* makeOpen
  const stop = yield* makeStop
  const clearings = yield* Clearings
  const { clear, forget } = yield* makeClear
  const stops = yield* FiberMap.make<string>()
  const lanes = yield* makeLanes
  const dispatch = yield* Dispatch

  const release = Effect.fnUntraced(function* (task: Task) {
    monitored.release(task.id)
    yield* deadlines.clear(task.id)
    if (task.spec.forgetEnv && isFinal(task.state.status)) {
      deleteEnvironment(root, task.id)
    }
  })

  const beginStop = (task: Task): Effect.Effect<void> => {
    const live = monitored.find(task.id)
    if (live !== null) live.stopping = true
    return Effect.asVoid(
      Effect.andThen(
        deadlines.clear(task.id),
        FiberMap.run(stops, task.id, persistently(`the stop of ${task.id}`, stop(task)), {
          startImmediately: true
        })
      )
    )
  }

  /** An error in one attempt ends that attempt: it is lost if none of its processes is alive. */
  const orLost = (task: Task, effect: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.catchDefect(effect, (defect) =>
      Effect.andThen(
        Effect.logError(
          `attempt ${task.state.attempt} of ${task.id} could not be looked after`,
          defect
        ).pipe(Effect.annotateLogs({ task: task.id })),
        Effect.sync(() =>
          onEnd(task)({
            kind: "gone",
            evidence: `Attempt ${task.state.attempt} in ${attemptDir(root, task.id, task.state.attempt)} could not be monitored: ${errorMessage(defect)}`
          })
        )
      )
    )

  const act = ({ task, recorded: { event } }: Committed): Effect.Effect<void> | null => {
    if (event.type === "task.started") return orLost(task, open(task))
    if (event.type === "task.stopping") return beginStop(task)
    const stays = event.type === "task.created" || event.type === "task.changed"
    return stays || event.type === "task.ready" || event.type === "task.unhealthy"
      ? null
      : release(task)
  }

  transitions.onCommit((commit) => {
    for (const each of commit) {
      if (!dispatch.isHere(each.task)) continue
      if (each.task.state.status !== "queued" && clearings.find(each.task.id) !== null) {
        clearings.forget(each.task.id)
        lanes.add(each.task.id, forget(each.task.id))
      }
      const its = act(each)
      if (its !== null) lanes.add(each.task.id, its)
    }
    for (const task of clearings.takeRequested())
      lanes.add(task.id, persistently(`looking at what ${task.id} has left`, clear(task)))
  })

  return Supervisor.of({
    acted: lanes.empty,
    takeOver: (task, isLiving) =>
      task.state.status !== "stopping"
        ? orLost(task, isLiving ? adopt(task) : open(task))
        : Effect.andThen(
            task.state.ended === undefined
              ? monitorAttempt(task, foundSpawn(root, task))
              : Effect.void,
            beginStop(task)
          )
  })
})

/** The supervisor of an engine. */
export const layerSupervisor = Layer.effect(Supervisor, make)
