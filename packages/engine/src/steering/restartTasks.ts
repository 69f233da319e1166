/** Asks for more attempts of tasks and of pipelines, in one transaction. */
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
import { makeStandings } from "../creation/dependencies.ts"
import { refusedRestart } from "../creation/existing.ts"
import type { RequestEffects } from "../creation/idempotent.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { makeQuota } from "../creation/quota.ts"
import { View } from "../view/View.ts"

/** What is to be restarted. */
export type Asked = Input<"restart"> & { readonly id: string }

/** On whose behalf tasks are restarted, and what of it is done. */
export type Restarting = RequestEffects & { readonly origin: Origin }

/** What was restarted: the number of a task's next attempt, or the pipeline as a whole. */
export type Restarted =
  | { readonly kind: "task"; readonly attempt: number }
  | { readonly kind: "pipeline" }

/** Asks for another attempt of one task in a transaction, and gives its number; made once. */
const makeRestartTask = Effect.gen(function* () {
  const { root } = yield* Home
  const settings = yield* Settings
  const view = yield* View
  const quota = yield* makeQuota
  const { standingAgain } = yield* makeStandings
  return Effect.fnUntraced(function* (tx: Tx, asked: Asked, { origin, before, note }: Restarting) {
    const { id, reason } = asked
    const made = before.get(id)
    if (made !== undefined) return made.attempt
    const task = yield* view.find(id)
    const foreign = refusedRestart(task, asked, origin)
    if (foreign !== null) return yield* Effect.fail(foreign)
    // An agent that is gone would put an attempt that never was in the place of the last one.
    const env = task.spec.work.kind === "prompt" ? readEnvironment(root, task) : null
    const unavailable = env === null ? null : agentUnavailable(task.spec, env, settings.current())
    if (unavailable !== null) return yield* Effect.fail(unavailable)
    // What runs has waited already.
    const stands = isFinal(task.state.status)
      ? yield* standingAgain(task)
      : { waitsFor: [], failure: null }
    const anew = {
      spec: null,
      reason: reason ?? null,
      lineage: { ...task.lineage, ...lineageOf(origin) }
    }
    if (isFinal(task.state.status)) yield* quota.checkLive
    const { state } = yield* tx.restart(task, anew, stands, origin.actor)
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

/** Makes a pipeline run again in a transaction, and gives the tasks to be restarted; made once. */
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
    const refusal = isEnding(pipeline)
    if (refusal !== null) return yield* Effect.fail(refusal)
    const tasks = yield* wanted(pipeline, asked)
    if (tasks.length === 0) return yield* Effect.fail(nothingToRestart(pipeline))
    const foreign = tasks
      .map((task) => refusedRestart(task, asked, origin))
      .find((each) => each !== null)
    if (foreign !== undefined && foreign !== null) return yield* Effect.fail(foreign)
    const restarted = tx
      .of(pipelineAggregate)
      .change(pipeline, { type: "Restart", reason: asked.reason ?? null }, origin.actor)
    yield* Effect.catchTag(restarted, "PipelineEnded", Effect.die)
    note(id, { id, attempt: 1 })
    return tasks
  })
})

/** What is to be restarted, and for which payload: a task that is named, or one of a pipeline. */
interface Node {
  readonly task: Task
  readonly asked: Asked
}

/**
 * Restarts tasks and pipelines in one transaction, each task behind those that it depends on: before these it would be withdrawn. Gives
 * what became of each id. A task that is refused leaves the others as they are; one of a pipeline takes all back. Made once.
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
      // Of what is named twice the first counts.
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
