/** Restarts tasks and pipelines in one transaction. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { type Problem, problem, withTry } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import { order } from "@backbeat/core/graph/order"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Home } from "../home/Home.ts"
import { readEnvironment } from "../home/TaskEnvironment.ts"
import { Settings } from "../configuration/Settings.ts"
import type { AggregateTx } from "../commit/AggregateTx.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { makeFailsItsPipeline } from "../rules/concludePipelines.ts"
import type { Tx } from "../commit/Tx.ts"
import { agentUnavailable } from "../creation/agentWork.ts"
import { resultOf, toProblem } from "../call/Call.ts"
import { lineageOf, type Origin } from "../creation/Origin.ts"
import { makeDependencyStates } from "../creation/dependencies.ts"
import { rejectRestart } from "../creation/existing.ts"
import type { RequestEffects } from "../creation/idempotent.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { makeQuota } from "../creation/quota.ts"
import { View } from "../view/View.ts"

/** The payload of one restart. */
export type Asked = Input<"restart"> & { readonly id: string }

/** The origin of a restart, and what of it is already done. */
export type Restarting = RequestEffects & { readonly origin: Origin }

/** What was restarted: a task, with the number of its next attempt, or a pipeline. */
export type Restarted =
  | { readonly kind: "task"; readonly attempt: number }
  | { readonly kind: "pipeline" }

/**
 * Builds a function that restarts one task in a transaction and returns the number of the attempt.
 */
const makeRestartTask = Effect.gen(function* () {
  const { root } = yield* Home
  const settings = yield* Settings
  const view = yield* View
  const quota = yield* makeQuota
  const { dependencyStateAgain } = yield* makeDependencyStates
  return Effect.fnUntraced(function* (tx: Tx, asked: Asked, { origin, before, note }: Restarting) {
    const { id, reason } = asked
    const done = before.get(id)
    if (done !== undefined) return done.attempt
    const task = yield* view.find(id)
    const rejected = rejectRestart(task, asked, origin)
    if (rejected !== null) return yield* Effect.fail(rejected)
    // Checked first: an attempt without its agent would hide the result of the last one.
    const env = task.spec.work.kind === "prompt" ? readEnvironment(root, task) : null
    const unavailable = env === null ? null : agentUnavailable(task.spec, env, settings.current())
    if (unavailable !== null) return yield* Effect.fail(unavailable)
    // The dependencies of a running task are already satisfied.
    const dependencies = isFinal(task.state.status)
      ? yield* dependencyStateAgain(task)
      : { waitsFor: [], failure: null }
    const changes = {
      spec: null,
      reason: reason ?? null,
      lineage: { ...task.lineage, ...lineageOf(origin) }
    }
    if (isFinal(task.state.status)) yield* quota.checkLive
    const { state } = yield* tx.restart(task, changes, dependencies, origin.actor)
    const attempt = state.status === "stopping" ? state.attempt + 1 : state.attempt
    note(id, { id, attempt })
    return attempt
  })
})

const nothingToRestart = ({ id, state: { status } }: Pipeline): Problem =>
  withTry(
    problem(
      "IllegalTransition",
      `no task of pipeline ${id} failed or was cancelled; it is ${status}`,
      'Set "all": true to run all tasks again.',
      { id, from: status }
    ),
    "restart",
    { id, all: true }
  )

const isEnding = ({ id, state }: Pipeline): Problem | null =>
  state.status === "running" && state.cancelling !== null
    ? problem(
        "IllegalTransition",
        `pipeline ${id} is being cancelled`,
        "Wait until it ends, then restart it.",
        { id, from: state.status, command: "Restart" }
      )
    : null

const acceptsRestart = new Set(["running", "retrying", "completed", "failed", "cancelled"])

/**
 * Builds a function that makes a pipeline run again in a transaction and returns the tasks to
 * restart.
 */
const makeRestartPipeline = Effect.gen(function* () {
  const { tasksOf } = yield* makePipelineView
  const failsItsPipeline = yield* makeFailsItsPipeline

  const wanted = Effect.fnUntraced(function* (pipeline: Pipeline, { all }: Asked) {
    const tasks = yield* tasksOf(pipeline)
    if (all === true) return tasks.filter(({ state }) => acceptsRestart.has(state.status))
    return yield* Effect.filter(
      tasks.filter(({ state }) => isFinal(state.status)),
      failsItsPipeline
    )
  })

  return Effect.fnUntraced(function* (
    tx: AggregateTx,
    pipeline: Pipeline,
    asked: Asked,
    { origin, before, note }: Restarting
  ) {
    const { id } = pipeline
    if (before.has(id)) return []
    const rejection = isEnding(pipeline)
    if (rejection !== null) return yield* Effect.fail(rejection)
    const tasks = yield* wanted(pipeline, asked)
    if (tasks.length === 0) return yield* Effect.fail(nothingToRestart(pipeline))
    const rejected = tasks
      .map((task) => rejectRestart(task, asked, origin))
      .find((each) => each !== null)
    if (rejected !== undefined && rejected !== null) return yield* Effect.fail(rejected)
    const restarted = tx
      .of(pipelineAggregate)
      .change(pipeline, { type: "Restart", reason: asked.reason ?? null }, origin.actor)
    yield* Effect.catchTag(restarted, "PipelineEnded", Effect.die)
    note(id, { id, attempt: 1 })
    return tasks
  })
})

/** A task to restart, and the payload that asks for it: of the task or of its pipeline. */
interface Node {
  readonly task: Task
  readonly asked: Asked
}

/**
 * Builds a function that restarts tasks and pipelines in one transaction, each task after its
 * dependencies; otherwise it would be cancelled. Returns the result for each id. A rejected task
 * does not affect the others, but a rejected task of a pipeline fails the whole call.
 */
export const makeRestart = Effect.gen(function* () {
  const view = yield* View
  const restartTask = yield* makeRestartTask
  const restartPipeline = yield* makeRestartPipeline

  return Effect.fnUntraced(function* (
    tx: FullTx,
    inputs: ReadonlyArray<Asked>,
    restarting: Restarting
  ) {
    const outcomes = new Map<string, Result.Result<Restarted, Problem>>()
    const nodes = new Map<string, Node>()
    const steps = new Set<string>()
    const add = Effect.fnUntraced(function* (asked: Asked) {
      const { task, pipeline } = yield* view.named(asked.id)
      if (task !== null) return void nodes.set(asked.id, { task, asked })
      for (const step of yield* restartPipeline(tx, pipeline, asked, restarting)) {
        steps.add(step.id)
        if (!nodes.has(step.id))
          nodes.set(step.id, {
            task: step,
            asked: {
              id: step.id,
              ifEnded: "again",
              ...(asked.reason === undefined ? {} : { reason: asked.reason })
            }
          })
      }
      outcomes.set(asked.id, Result.succeed({ kind: "pipeline" }))
    })
    for (const asked of inputs) {
      // The first of two equal ids counts.
      if (outcomes.has(asked.id) || nodes.get(asked.id)?.asked.id === asked.id) continue
      const added = yield* resultOf(add(asked))
      if (Result.isFailure(added)) outcomes.set(asked.id, Result.fail(added.failure))
    }
    const arranged = order(
      [...nodes].map(([id, { task }]) => ({
        id,
        dependsOn: task.spec.dependsOn.map((each) => each.task)
      }))
    )
    for (const id of [...arranged.order, ...arranged.cycles.keys()]) {
      const node = nodes.get(id)
      if (node === undefined) continue
      const outcome = yield* resultOf(restartTask(tx, node.asked, restarting))
      if (Result.isFailure(outcome) && steps.has(id))
        return yield* Effect.fail(toProblem(outcome.failure))
      outcomes.set(
        id,
        Result.map(outcome, (attempt): Restarted => ({ kind: "task", attempt }))
      )
    }
    return outcomes
  })
})
