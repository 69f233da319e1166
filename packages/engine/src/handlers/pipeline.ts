/** Answers `pipeline create`, `get`, `list` and `cancel`. */
import { type Problem, problem } from "@backbeat/contract/Problem"
import * as operations from "@backbeat/contract/operation/pipeline"
import type { Input } from "@backbeat/contract/table"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { PipelineEnded } from "@backbeat/core/pipeline/decide"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { isHeld } from "../process/AliveFifo.ts"
import { stopTree } from "../process/stopTree.ts"
import { treeOf } from "../task/attemptSpec.ts"
import { withLeftovers } from "../task/leftover.ts"
import { Supervisor } from "../task/Supervisor.ts"
import { Transitions } from "../task/Transitions.ts"
import { makeUntilEnded } from "../task/until.ts"
import { actorOf, type Call, handle, type Handled, toProblem, type Trouble } from "./Call.ts"
import { makeShowEndedPipeline } from "./lastLines.ts"
import { makePipelineCreation } from "./pipelineCreation.ts"
import { makePipelineView } from "./PipelineView.ts"
import { isCursor, wrongField } from "./View.ts"
import { makeTimeLimit, waitMsOf } from "./waiting.ts"

const makeCreateHandler = Effect.gen(function* () {
  const { create } = yield* makePipelineCreation
  const supervisor = yield* Supervisor
  const pipelines = yield* makePipelineView
  const untilEnded = yield* makeUntilEnded
  const limitTime = yield* makeTimeLimit
  const showEnded = yield* makeShowEndedPipeline
  return handle(operations.pipelineCreate, (input, call: Call) =>
    Effect.gen(function* () {
      const { id } = yield* create(input, call)
      yield* supervisor.acted
      const look = pipelines.find(id)
      if (call.flags.wait !== true) return { pipeline: yield* pipelines.show(yield* look) }
      return yield* showEnded(yield* limitTime(untilEnded(id, look), { ms: waitMsOf(call), ids: [id], call }))
    })
  )
})

const makeGetHandler = Effect.map(makePipelineView, ({ find, show }) =>
  handle(operations.pipelineGet, ({ id }) => Effect.map(Effect.flatMap(find(id), show), (pipeline) => ({ pipeline })))
)

const makeListHandler = Effect.gen(function* () {
  const store = yield* PipelineStore
  const { briefs } = yield* makePipelineView
  return handle(operations.pipelineList, ({ status, since, limit, after }: Input<"pipeline list">) =>
    Effect.gen(function* () {
      if (after !== undefined && !isCursor(after)) {
        return yield* Effect.fail(wrongField("after", "is no cursor that an answer gave", "Give the `next` of the page before."))
      }
      const filter = {
        status: typeof status === "string" ? [status] : status,
        since: since === undefined ? undefined : Date.parse(since)
      }
      const page = yield* Effect.mapError(store.list(filter, { limit: limit ?? 50, after }), toProblem(""))
      return { total: page.total, pipelines: yield* briefs(page.pipelines), next: page.next }
    })
  )
})

const hasEnded = ({ id, status }: PipelineEnded): Problem =>
  problem("IllegalTransition", `pipeline ${id} is ${status} and does not accept cancel`, "It has ended. A task of it that was started again is ended by stop.", {
    id,
    from: status,
    command: "Cancel"
  })

const ofCancel = (trouble: Trouble | PipelineEnded): Problem =>
  trouble._tag === "PipelineEnded" ? hasEnded(trouble) : toProblem("")(trouble)

const isLive = ({ state }: Task): boolean => !isFinal(state.status)

/** A stop that is under way and ends with the task's end. */
const isEnding = ({ state }: Task): boolean => state.status === "stopping" && state.intent.kind === "cancel"

const makeCancelHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const { find, show, tasksOf } = yield* makePipelineView
  const untilEnded = yield* makeUntilEnded

  /** Asks for the end of all that lives, in one commit. */
  const askForEnd = ({ id, reason }: Input<"pipeline cancel">, call: Call) =>
    transitions.commit((tx) =>
      Effect.gen(function* () {
        const by = actorOf(call)
        const pipeline = yield* tx.changePipeline(yield* find(id), { type: "Cancel", reason: reason ?? null }, by)
        const told = reason ?? `pipeline ${id} was cancelled`
        const stopped = (yield* tasksOf(pipeline)).filter((each) => isLive(each) && !isEnding(each))
        const leftover = withLeftovers(root, stopped.filter(({ state }) => state.status !== "running"))
        for (const task of stopped) {
          const { stopSignal: signal, gracePeriodMs: graceMs } = task.spec
          yield* tx.change(task, { type: "Stop", reason: told, signal, graceMs, leftover: leftover.has(task.id) }, by)
        }
      })
    )

  /** Ends what tasks that had ended before have left running. */
  const clear = Effect.fnUntraced(function* (pipeline: Pipeline) {
    const now = yield* Clock.currentTimeMillis
    const left = (yield* tasksOf(pipeline)).filter((task) => !isLive(task) && isHeld(treeOf(root, task).dir))
    yield* Effect.forEach(
      left,
      (task) => stopTree(treeOf(root, task), { stopSignal: task.spec.stopSignal, killAt: now + task.spec.gracePeriodMs }),
      { concurrency: "unbounded", discard: true }
    )
  })

  return handle(operations.pipelineCancel, (input, call: Call) =>
    Effect.gen(function* () {
      const { id } = input
      const before = yield* find(id)
      // The same call, sent again because its connection broke: it has been done.
      const isDone = call.caller.repeated === true && before.state.status === "cancelled"
      if (!isDone) yield* Effect.mapError(askForEnd(input, call), ofCancel)
      const ended = yield* untilEnded(id, find(id))
      yield* clear(ended)
      return { pipeline: yield* show(ended) }
    })
  )
})

/** The handlers of `pipeline`. */
export const makePipelineHandlers = Effect.map(
  Effect.all([makeCreateHandler, makeGetHandler, makeListHandler, makeCancelHandler]),
  (handlers): ReadonlyArray<Handled> => handlers
)
