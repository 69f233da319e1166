/**
 * Opens the attempt of a task that was just started, or adopts one that an earlier engine opened.
 */
import type { Task } from "@backbeat/core/task/Task"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { existsSync, rmSync } from "../system/files.ts"
import { makeAgentCall } from "../agent/agentCall.ts"
import { attemptDir, Home } from "../home/Home.ts"
import { environmentPath } from "../home/TaskEnvironment.ts"
import { Settings } from "../configuration/Settings.ts"
import { logDebug } from "../life/engineLog.ts"
import { heldPort } from "../process/heldPort.ts"
import { readClaim } from "../process/Claim.ts"
import { inspectAttempt, isPassing } from "../process/inspectAttempt.ts"
import { openAttempt, preventStart } from "../process/openAttempt.ts"
import { isTransient } from "../process/shortage.ts"
import { watchEnd } from "../process/watchEnd.ts"
import { attemptEnd } from "../attempt/attemptEnd.ts"
import { attemptSpec, treeOf } from "../attempt/attemptSpec.ts"
import { foundSpawn } from "../attempt/foundSpawn.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { makeMonitorAttempt } from "./monitorAttempt.ts"
import { makeSettle } from "./settle.ts"
import { noteSpawn } from "../attempt/spawnLog.ts"
import { errorMessage } from "../process/thrown.ts"

const withoutEnvironment = (root: string, { id, spec }: Task): string =>
  spec.forgetEnv
    ? "its environment was deleted (forgetEnv)"
    : `its stored environment is missing or damaged: ${environmentPath(root, id)}`

/** Returns when an attempt was opened whose claim is gone. Null if the system refused to start it: then no limit counts. */
const openedAt = ({ state }: Task, dir: string): number | null =>
  state.status === "running" && !isPassing(inspectAttempt(dir)) ? state.startedAt : null

/**
 * Builds the functions that open and adopt attempts. No process of an earlier attempt is alive
 * then: see Clearings.
 */
export const makeOpen = Effect.gen(function* () {
  const { root } = yield* Home
  const settings = yield* Settings
  const monitored = yield* MonitoredAttempts
  const monitorAttempt = yield* makeMonitorAttempt
  const { onEnd, postpone, settle } = yield* makeSettle
  const agentCall = yield* makeAgentCall

  /**
   * Monitors an attempt that was opened before. Without its claim, its time counts from the commit
   * that opened it.
   */
  const adopt = Effect.fnUntraced(function* (task: Task) {
    const { dir } = treeOf(root, task)
    const { pid, startedAt } = foundSpawn(root, task)
    yield* monitorAttempt(task, { pid, startedAt: startedAt ?? openedAt(task, dir) })
    const cancel = watchEnd(dir, onEnd(task))
    monitored.find(task.id)?.finalizers.push(cancel)
  })

  const notSpawned = ({ id, state: { attempt } }: Task, message: string) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      settle({ id, attempt }, attemptEnd({ kind: "notSpawned", message }, now))
    )

  const dropOldOutput = (task: Task): void => {
    if (task.state.attempt === 1) return
    const oldest = task.state.attempt - settings.current().logRetentionPerJob
    if (oldest > 0) rmSync(attemptDir(root, task.id, oldest), { recursive: true, force: true })
  }

  const refuse = (task: Task, message: string) =>
    Effect.suspend(() =>
      preventStart(treeOf(root, task).dir, message).kind === "claimed"
        ? adopt(task)
        : notSpawned(task, message)
    )

  const open = Effect.fnUntraced(function* (task: Task) {
    // A started attempt is adopted even if its agent or the task it continues from is gone.
    const { dir } = treeOf(root, task)
    if (existsSync(dir) && readClaim(dir).kind !== "none") return yield* adopt(task)
    dropOldOutput(task)
    const call = yield* Effect.result(agentCall(task))
    if (call._tag === "Failure") return yield* refuse(task, call.failure.message)
    const spec = yield* Effect.result(
      Effect.try({ try: () => attemptSpec(root, task, call.success), catch: (thrown) => thrown })
    )
    if (spec._tag === "Failure")
      return yield* (isTransient(spec.failure) ? postpone : refuse)(
        task,
        errorMessage(spec.failure)
      )
    if (spec.success === null) return yield* refuse(task, withoutEnvironment(root, task))
    const held = yield* heldPort(task.spec.readyWhen ?? task.spec.healthProbe)
    const opened = openAttempt({
      ...spec.success,
      onExit: onEnd(task),
      onSpawn: () => noteSpawn(root, task)
    })
    yield* logDebug(
      () =>
        `attempt ${task.state.attempt}: ${opened.kind === "opened" ? `spawned pid ${opened.pid}` : opened.kind}`,
      { task: task.id }
    )
    if (opened.kind === "opened")
      return yield* monitorAttempt(
        task,
        { pid: opened.pid, startedAt: yield* Clock.currentTimeMillis },
        held
      )
    if (opened.kind === "postponed") return yield* postpone(task, opened.message)
    yield* opened.kind === "claimed" ? adopt(task) : notSpawned(task, opened.message)
  })
  return { adopt, open }
})
