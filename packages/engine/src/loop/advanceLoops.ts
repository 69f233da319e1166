/**
 * The rule that moves loops on: the end of a part is reported to its loop, and what the loop then wants is made, in the same transaction.
 * What a loop wants follows from its state alone.
 */
import type { Problem } from "@backbeat/contract/Problem"
import { loopAggregate } from "@backbeat/core/loop/aggregate"
import { type Loop, stepOf } from "@backbeat/core/loop/Loop"
import type { LoopCommand } from "@backbeat/core/loop/LoopCommand"
import { isAccepted } from "@backbeat/core/loop/accepts"
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import type { CommitRule, FullTx } from "../commit/CommitRules.ts"
import { Home } from "../home/Home.ts"
import { makeBeginEvaluation } from "./beginEvaluation.ts"
import { makeBeginSetup } from "./beginSetup.ts"
import { keptOf, makeBeginWork } from "./beginWork.ts"
import { makeEnds, workEndOf } from "./ends.ts"
import { keepForLoop } from "./keepForLoop.ts"
import { loopActor } from "./loopOrigin.ts"
import { makeStopParts } from "./stopParts.ts"

/** A part that waits for room is asked for again later; what else is refused stays refused. */
const refusalOf = ({ type, message, retryable }: Problem): LoopCommand => ({
  type: "Refuse",
  message: typeof message === "string" ? message : type,
  isPassing: retryable
})

/** Whether what is under way of it is to be stopped. */
const isToStop = ({ state }: Loop): boolean =>
  state.status === "stopping" || (state.status === "pausing" && state.force)

/** Reports the ends of parts to their loops; made once. */
const makeReportEnd = Effect.gen(function* () {
  const aggregates = yield* AggregateStore
  const ends = yield* makeEnds

  /** Of the pipeline of an iteration, whose last task this is. */
  const ofPipeline = Effect.fnUntraced(function* (id: string) {
    const pipeline = yield* aggregates.find(pipelineAggregate, id)
    return pipeline === null || pipeline.state.status === "running"
      ? null
      : ({ type: "EndIteration", id, end: yield* ends.ofPipeline(pipeline) } satisfies LoopCommand)
  })

  const reportOf = Effect.fnUntraced(function* (loop: Loop, task: Task) {
    const step = stepOf(loop)
    const { id: taskId, lineage } = task
    if (step?.kind === "working") {
      const { id } = step.current
      if (id === taskId)
        return { type: "EndIteration", id, end: workEndOf(task) } satisfies LoopCommand
      return id !== null && id === lineage.pipelineId ? yield* ofPipeline(id) : null
    }
    if (step === null || !("taskId" in step) || step.taskId !== taskId) return null
    return step.kind === "setup"
      ? ({ type: "EndSetup", taskId, failure: workEndOf(task).message } satisfies LoopCommand)
      : ({
          type: "EndEvaluation",
          taskId,
          end: yield* ends.ofEvaluation(task)
        } satisfies LoopCommand)
  })

  return Effect.fnUntraced(function* (tx: FullTx, task: Task) {
    const { source } = task.lineage
    const loop = source === undefined ? null : yield* aggregates.find(loopAggregate, source.id)
    const report = loop === null ? null : yield* reportOf(loop, task)
    if (loop === null || report === null || !isAccepted(loop.state.status, report.type)) return
    yield* Effect.orDie(tx.of(loopAggregate).change(loop, report, loopActor))
  })
})

/** Makes what a loop wants now; made once. */
const makeAdvance = Effect.gen(function* () {
  const { root } = yield* Home
  const beginWork = yield* makeBeginWork
  const beginEvaluation = yield* makeBeginEvaluation
  const beginSetup = yield* makeBeginSetup
  const stopParts = yield* makeStopParts
  const saveEnvironment = keepForLoop(root)

  /** The command that tells the loop what was made of its wish; null when it has none. */
  const begun = (tx: FullTx, loop: Loop): Effect.Effect<LoopCommand | null, Problem> =>
    Effect.gen(function* () {
      const step = stepOf(loop)
      const { status } = loop.state
      if (status !== "running" && status !== "pausing") return null
      if (step?.kind === "ready" && status === "running") {
        const starting = { kept: yield* keptOf(root, loop), saveEnvironment }
        return { type: "BeginIteration", id: yield* beginWork(tx, loop, starting) }
      }
      if (step?.kind === "setup" && step.taskId === null) {
        const starting = { kept: yield* keptOf(root, loop), saveEnvironment }
        return { type: "BeginSetup", taskId: yield* beginSetup(tx, loop, starting) }
      }
      if (step?.kind !== "unevaluated") return null
      const starting = { kept: yield* keptOf(root, loop), saveEnvironment }
      const taskId = yield* beginEvaluation(tx, loop, step.worked, starting)
      return { type: "BeginEvaluation", taskId }
    })

  const stopWhatRuns = (tx: FullTx, loop: Loop): Effect.Effect<void, StoreError> => {
    const step = stepOf(loop)
    const id =
      step?.kind === "working"
        ? step.current.id
        : step?.kind === "evaluating" || step?.kind === "setup"
          ? step.taskId
          : null
    return id === null ? Effect.void : stopParts(tx, loop, id)
  }

  return Effect.fnUntraced(function* (tx: FullTx, loop: Loop) {
    if (isToStop(loop)) return yield* stopWhatRuns(tx, loop)
    const command = yield* Effect.catch(begun(tx, loop), (refusal) =>
      Effect.succeed(refusalOf(refusal))
    )
    if (command === null) return
    yield* Effect.orDie(tx.of(loopAggregate).change(loop, command, loopActor))
  })
})

/** The rule; made once. */
export const makeAdvanceLoops = Effect.gen(function* () {
  const aggregates = yield* AggregateStore
  const reportEnd = yield* makeReportEnd
  const advance = yield* makeAdvance

  const rule: CommitRule = Effect.fnUntraced(function* (tx, committed, changed) {
    for (const { task } of committed) {
      if (task.lineage.source?.kind === "loop" && isFinal(task.state.status))
        yield* reportEnd(tx, task)
    }
    const ids = new Set(changed.flatMap(({ kind, id }) => (kind === "loop" ? [id] : [])))
    for (const id of ids) {
      const loop = yield* aggregates.find(loopAggregate, id)
      if (loop !== null) yield* advance(tx, loop)
    }
  })
  return rule
})
