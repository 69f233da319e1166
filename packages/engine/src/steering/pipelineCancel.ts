/** Ends pipelines: what runs of one is stopped, the rest is withdrawn. */
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
import { actorOf, type Call, toProblem, type Trouble } from "../call/Call.ts"
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

/** What the caller of something that changes a pipeline is told of it. */
const ofCancel = (trouble: Trouble | PipelineEnded): Problem =>
  trouble._tag === "PipelineEnded" ? hasEnded(trouble) : toProblem(trouble)

const isLive = ({ state }: Task): boolean => !isFinal(state.status)

/** A stop that is under way and ends with the task's end. */
const isEnding = ({ state }: Task): boolean =>
  state.status === "stopping" && state.intent.kind === "cancel"

/** How a pipeline is to end; its tasks say it themselves where this does not. */
type How = Pick<Input<"stop">, "reason" | "signal" | "force">

/** What ending pipelines needs, made once. */
export const makeCancelPipeline = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const transitions = yield* Transitions
    const { find, tasksOf } = yield* makePipelineView
    const untilEnded = yield* makeUntilEnded
    const withRoom = yield* makeWithRoom
    const stops = yield* Stops
    const orStuck = yield* makeOrStuck

    /** Asks for the end of all that lives, in one commit. */
    const askForEnd = (id: string, { reason, signal, force }: How, call: Call) =>
      transitions.commit((tx) =>
        Effect.gen(function* () {
          const by = actorOf(call)
          const pipeline = yield* tx
            .of(pipelineAggregate)
            .change(yield* find(id), { type: "Cancel", reason: reason ?? null }, by)
          const told = reason ?? `pipeline ${id} was cancelled`
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
            yield* tx.change(task, { type: "Stop", reason: told, ...order }, by)
          }
        })
      )

    /** Ends what tasks that had ended before have left running. */
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

    /** Ends a pipeline, and gives it when nothing of it is alive. Fails with IllegalTransition when it has ended. */
    const cancel = Effect.fnUntraced(function* (id: string, how: How, call: Call) {
      const before = yield* find(id)
      // The same call, sent again because its connection broke: it has been done.
      const isDone = call.caller.repeated === true && before.state.status === "cancelled"
      if (!isDone) yield* Effect.mapError(withRoom(askForEnd(id, how, call)), ofCancel)
      const tasks = (yield* Effect.mapError(tasksOf(before), ofCancel)).map((task) => task.id)
      const ended = yield* orStuck(tasks, Effect.mapError(untilEnded(id, find(id)), ofCancel))
      yield* clear(ended, how)
      return ended
    })

    return { cancel, clear }
  })
)
