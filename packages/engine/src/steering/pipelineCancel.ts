/** Cancels pipelines: stops their running tasks and cancels the rest. */
import { callOf, sentence } from "@backbeat/contract/Text"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { type Problem, problem } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import type { PipelineEnded } from "@backbeat/core/pipeline/decide"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import type { StuckProcess } from "../process/stuck.ts"
import { stopTree } from "../process/stopTree.ts"
import { findLeftovers, lastTreeOf, withLeftovers } from "../attempt/leftover.ts"
import { Stops } from "../attempt/Stops.ts"
import { Transitions } from "../commit/Transitions.ts"
import { makeUntilEnded } from "../commit/until.ts"
import { makeWithRoom } from "../commit/withRoom.ts"
import { actorOf, type Call, toProblem, type HandlerError } from "../call/Call.ts"
import { makeOrStuck } from "../waiting/orStuck.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { once } from "../wiring/once.ts"

const hasEnded = ({ id, status }: PipelineEnded): Problem =>
  problem(
    "IllegalTransition",
    `pipeline ${id} is ${status}; only a running pipeline can be cancelled`,
    sentence`Use ${callOf("stop")} to end leftover processes of its tasks.`,
    {
      id,
      from: status,
      command: "Cancel"
    }
  )

/** The problem that the caller of a pipeline operation gets. */
const toCancelProblem = (error: HandlerError | PipelineEnded): Problem =>
  error._tag === "PipelineEnded" ? hasEnded(error) : toProblem(error)

const isLive = ({ state }: Task): boolean => !isFinal(state.status)

/** Whether the task is being stopped for good. */
const isEnding = ({ state }: Task): boolean =>
  state.status === "stopping" && state.intent.kind === "cancel"

/** How to stop the tasks of a pipeline; absent fields come from each task. */
type How = Pick<Input<"stop">, "reason" | "signal" | "force">

/** Builds the functions that end pipelines. */
export const makeCancelPipeline = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const transitions = yield* Transitions
    const { find, tasksOf } = yield* makePipelineView
    const untilEnded = yield* makeUntilEnded
    const withRoom = yield* makeWithRoom
    const stops = yield* Stops
    const orStuck = yield* makeOrStuck

    /** Commits the stop of all live tasks. */
    const commitStops = (id: string, { reason, signal, force }: How, call: Call) =>
      transitions.commit((tx) =>
        Effect.gen(function* () {
          const by = actorOf(call)
          const pipeline = yield* tx
            .of(pipelineAggregate)
            .change(yield* find(id), { type: "Cancel", reason: reason ?? null }, by)
          const stopReason = reason ?? `pipeline ${id} was cancelled`
          const stopped = (yield* tasksOf(pipeline)).filter(
            (each) => isLive(each) && (force === true || !isEnding(each))
          )
          const leftover = withLeftovers(
            root,
            stopped.filter(({ state }) => state.status !== "running")
          )
          for (const task of stopped) {
            const { stopSignal, gracePeriodMs } = task.spec
            const order = {
              signal: signal ?? stopSignal,
              graceMs: force === true ? 0 : gracePeriodMs,
              leftover: leftover.has(task.id)
            }
            yield* tx.change(task, { type: "Stop", reason: stopReason, ...order }, by)
          }
        })
      )

    /** Stops leftover processes of tasks that had ended before. */
    const clear = Effect.fnUntraced(function* (pipeline: Pipeline, { signal, force }: How) {
      const ended = (yield* tasksOf(pipeline)).filter((task) => !isLive(task))
      const leftover = yield* findLeftovers(root, ended)
      const trees = ended.flatMap((task) => {
        const tree = leftover.has(task.id) ? lastTreeOf(root, task) : null
        const order = {
          stopSignal: signal ?? task.spec.stopSignal,
          graceMs: force === true ? 0 : task.spec.gracePeriodMs,
          onStuck: (stuck: ReadonlyArray<StuckProcess>) => stops.markStuck(task.id, stuck)
        }
        return tree === null ? [] : [{ id: task.id, tree, order }]
      })
      for (const { id } of trees) stops.begin(id)
      const stopped = Effect.forEach(trees, ({ tree, order }) => stopTree(tree, order), {
        concurrency: "unbounded",
        discard: true
      })
      yield* orStuck(
        trees.map(({ id }) => id),
        stopped
      )
    })

    /**
     * Cancels a pipeline. Returns it when none of its processes is alive. Fails with
     * IllegalTransition if it has ended.
     */
    const cancel = Effect.fnUntraced(function* (id: string, how: How, call: Call) {
      const before = yield* find(id)
      // The same call, sent again after a broken connection, is already done.
      const isDone = call.caller.repeated === true && before.state.status === "cancelled"
      if (!isDone) yield* Effect.mapError(withRoom(commitStops(id, how, call)), toCancelProblem)
      const tasks = (yield* Effect.mapError(tasksOf(before), toCancelProblem)).map(
        (task) => task.id
      )
      const ended = yield* orStuck(
        tasks,
        Effect.mapError(untilEnded(id, find(id)), toCancelProblem)
      )
      yield* clear(ended, how)
      return ended
    })

    return { cancel, clear }
  })
)
