/** Answers `stop` and `restart`. */
import { cutEnded } from "@backbeat/contract/cutTask"
import { decodePayload } from "@backbeat/contract/decodePayload"
import * as operations from "@backbeat/contract/operation/steer"
import type { Input } from "@backbeat/contract/table"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import { endOf, isFinal } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Home } from "../home/Home.ts"
import type { AttemptTree } from "../process/remains.ts"
import { type Stopped, stopTree } from "../process/stopTree.ts"
import { hasLeftovers, lastTreeOf, withLeftovers } from "../attempt/leftover.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { Stops } from "../attempt/Stops.ts"
import { Transitions } from "../commit/Transitions.ts"
import { makeWaitUntil } from "../commit/until.ts"
import { makeWithRoom } from "../commit/withRoom.ts"
import { actorOf, type Call, handle, withPayload, toProblem } from "../call/Call.ts"
import { makeIdempotent } from "../creation/idempotent.ts"
import { makeOriginOf } from "../creation/originOf.ts"
import { makeCancelPipeline } from "../steering/pipelineCancel.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { makeOrStuck } from "../waiting/orStuck.ts"
import { type Asked, makeRestart } from "../steering/restartTasks.ts"
import { makeStayCancelled } from "../steering/stayCancelled.ts"
import { makeExpand, requireId } from "../waiting/selection.ts"
import { endedAnswer } from "../view/taskAnswer.ts"
import { View } from "../view/View.ts"
import {
  makeShowEnd,
  makeOrCurrent,
  makeShowPipelineEnd,
  makeUntilAttempt
} from "../waiting/waiting.ts"

/**
 * How long (ms) a stop waits for an end that is known but not committed: longer than reading the
 * work tree may take.
 */
const knownEndMs = 5000

/** A task as it was read before its stop, and whether a scan found leftover processes. */
interface StopRequest {
  readonly seen: Task
  readonly leftover: boolean
  readonly call: Call
}

/** How to stop leftover processes of an ended task. */
const orderOf = ({ spec }: Task, { signal, force }: Input<"stop">) => ({
  stopSignal: signal ?? spec.stopSignal,
  graceMs: force === true ? 0 : spec.gracePeriodMs
})

/** Builds a function that stops a pipeline, or the leftover processes of an ended one. */
const makeStopPipeline = Effect.gen(function* () {
  const pipelines = yield* makePipelineView
  const { cancel, clear } = yield* makeCancelPipeline
  return Effect.fnUntraced(function* ({ id, state }: Pipeline, how: Input<"stop">, call: Call) {
    if (state.status === "running")
      return { pipeline: yield* pipelines.show(yield* cancel(id, how, call)), left: [] }
    const ended = yield* pipelines.find(id)
    yield* clear(ended, how)
    const done = call.caller.repeated === true && state.status === "cancelled"
    return {
      pipeline: yield* pipelines.show(ended),
      ...(done ? {} : { alreadyEnded: true }),
      left: []
    }
  })
})

/** The processes that the stop has ended; none are left. */
const shownEnded = (stopped: Stopped | null, { full }: Input<"stop">) => {
  const { ended, endedMore, freedPorts } = endedAnswer(stopped)
  const cut = full === true ? { ended, endedMore } : cutEnded(ended, endedMore)
  return {
    ...(cut.ended.length === 0 ? {} : { ended: cut.ended }),
    ...(cut.endedMore === 0 ? {} : { endedMore: cut.endedMore }),
    ...(freedPorts.length === 0 ? {} : { freedPorts }),
    left: []
  }
}

/** Concurrent stops share their process scans. Each needs two or three descriptors. */
const stopsAtOnce = 250

/**
 * Builds a function that waits until a known end is committed. Such a task is not stopped any more;
 * only its agent's output is still being read.
 */
const makeAwaitKnownEnd = Effect.gen(function* () {
  const until = yield* makeWaitUntil
  const monitored = yield* MonitoredAttempts
  return Effect.fnUntraced(function* (id: string) {
    const live = monitored.find(id)
    if (live?.isEndKnown !== true) return
    const { attempt } = live
    const committed = until(
      id,
      ({ state }) => state.status !== "running" || state.attempt > attempt
    )
    yield* Effect.mapError(Effect.timeoutOption(committed, knownEndMs), toProblem)
  })
})

/** Builds a function that stops leftover processes of an ended task. */
const makeStopEnded = Effect.gen(function* () {
  const { root } = yield* Home
  const view = yield* View
  const stops = yield* Stops
  const orStuck = yield* makeOrStuck

  const stopping = (id: string, tree: AttemptTree, order: ReturnType<typeof orderOf>) =>
    Effect.suspend(() => {
      stops.begin(id)
      return stopTree(tree, { ...order, onStuck: (stuck) => stops.markStuck(id, stuck) })
    })

  /** Does not change the task, only stops its leftover processes. */
  return Effect.fnUntraced(function* (task: Task, input: Input<"stop">, leftover: boolean) {
    const tree = lastTreeOf(root, task)
    const stopped =
      tree !== null && leftover
        ? yield* orStuck([task.id], stopping(task.id, tree, orderOf(task, input)))
        : null
    return { task: yield* view.show(task), alreadyEnded: true, ...shownEnded(stopped, input) }
  })
})

/** Builds a function that commits the stop of a task. */
const makeCommitStop = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const view = yield* View

  /** Commits the stop. Scans again if the task has changed since it was read. */
  return ({ reason, signal, force }: Input<"stop">, { seen, leftover, call }: StopRequest) =>
    transitions.commit((tx) =>
      Effect.gen(function* () {
        const task = yield* view.find(seen.id)
        const isSame =
          task.state.status === seen.state.status && task.state.attempt === seen.state.attempt
        const command = {
          type: "Stop",
          reason: reason ?? null,
          signal: signal ?? task.spec.stopSignal,
          graceMs: force === true ? 0 : task.spec.gracePeriodMs,
          leftover: isSame ? leftover : withLeftovers(root, [task]).has(seen.id)
        } as const
        return (yield* tx.change(task, command, actorOf(call))).state
      })
    )
})

const makeStopHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const view = yield* View
  const until = yield* makeWaitUntil
  const withRoom = yield* makeWithRoom
  const awaitKnownEnd = yield* makeAwaitKnownEnd
  const stopPipeline = yield* makeStopPipeline
  const expand = yield* makeExpand
  const stops = yield* Stops
  const orStuck = yield* makeOrStuck
  const stopEnded = yield* makeStopEnded
  const commitStop = yield* makeCommitStop

  const stopTask = Effect.fnUntraced(function* (task: Task, input: Input<"stop">, call: Call) {
    const { id } = task
    // The same call, sent again after a broken connection, is already done.
    if (call.caller.repeated === true && task.state.status === "cancelled") {
      return {
        task: yield* view.show(task),
        ...shownEnded(endOf(task.state)?.stopped ?? null, input)
      }
    }
    const leftover =
      task.state.status !== "running" &&
      task.state.status !== "stopping" &&
      (yield* hasLeftovers(root, task))
    if (isFinal(task.state.status)) return yield* stopEnded(task, input, leftover)
    // Processes that an earlier stop could not end may be gone now.
    stops.begin(id)
    const asked = yield* Effect.result(withRoom(commitStop(input, { seen: task, leftover, call })))
    if (Result.isFailure(asked)) {
      const error = asked.failure
      // The task ended during the scan. Its last attempt may have left processes.
      if (error._tag === "IllegalTransition" && isFinal(error.from)) {
        const now = yield* view.find(id)
        return yield* stopEnded(now, input, yield* hasLeftovers(root, now))
      }
      return yield* Effect.fail(toProblem(error))
    }
    const { attempt } = asked.success
    // Waits for the attempt of the transaction, which may be another one than was read before.
    const ended = until(id, ({ state }) => isFinal(state.status) || state.attempt > attempt)
    const now = yield* orStuck([id], Effect.mapError(ended, toProblem))
    return { task: yield* view.show(now), ...shownEnded(stops.stopped(id), input) }
  })

  const stop = handle(operations.stop, (input, call: Call) =>
    Effect.gen(function* () {
      const { id } = yield* Effect.fromResult(requireId(input))
      yield* awaitKnownEnd(id)
      const { task, pipeline } = yield* view.named(id)
      return yield* task === null
        ? stopPipeline(pipeline, input, call)
        : stopTask(task, input, call)
    })
  )
  return {
    ...stop,
    concurrency: stopsAtOnce,
    expand: withPayload(operations.stop, expand({ ways: "id, ids, tag and mine", live: true }))
  }
})

const makeRestartHandler = Effect.gen(function* () {
  const transitions = yield* Transitions
  const supervisor = yield* Supervisor
  const view = yield* View
  const untilAttempt = yield* makeUntilAttempt
  const orStuck = yield* makeOrStuck
  const showEnd = yield* makeShowEnd
  const pipelines = yield* makePipelineView
  const showEndOfPipeline = yield* makeShowPipelineEnd
  const restart = yield* makeRestart
  const orCurrent = yield* makeOrCurrent
  const stayCancelled = yield* makeStayCancelled
  const idempotent = yield* makeIdempotent
  const originOf = yield* makeOriginOf
  const expand = yield* makeExpand

  const showTask = (id: string, next: number, call: Call) =>
    Effect.gen(function* () {
      const now = yield* call.caller.repeated === true
        ? view.afterActing(id)
        : orStuck([id], untilAttempt(id, next))
      const shown =
        call.flags.wait === true ? yield* showEnd(id, call) : { task: yield* view.show(now) }
      return { ...shown, ...(yield* stayCancelled(id)) }
    })

  const showPipeline = (id: string, call: Call) =>
    Effect.gen(function* () {
      const { taskIds } = yield* pipelines.find(id)
      yield* supervisor.acted(taskIds)
      return call.flags.wait === true
        ? yield* showEndOfPipeline(id, call)
        : { pipeline: yield* pipelines.show(yield* pipelines.find(id)) }
    })

  const restartAll = (inputs: ReadonlyArray<Asked>, call: Call) =>
    Effect.flatMap(originOf(call), (origin) =>
      Effect.mapError(
        transitions.commit((tx) =>
          idempotent(tx, origin, (effects) => restart(tx, inputs, { origin, ...effects }))
        ),
        toProblem
      )
    )

  const show = (id: string, outcomes: Effect.Success<ReturnType<typeof restartAll>>, call: Call) =>
    Effect.gen(function* () {
      const outcome = outcomes.get(id)
      const restarted =
        outcome === undefined
          ? yield* Effect.die("a restart without an answer")
          : yield* Effect.fromResult(outcome)
      return yield* restarted.kind === "task"
        ? showTask(id, restarted.attempt, call)
        : showPipeline(id, call)
    })

  const one = handle(operations.restart, (input, call: Call) =>
    Effect.gen(function* () {
      const asked = yield* Effect.fromResult(requireId(input))
      return yield* show(asked.id, yield* restartAll([asked], call), call)
    })
  )

  const many = Effect.fnUntraced(function* (payloads: ReadonlyArray<unknown>, call: Call) {
    const decoded = payloads.map((payload) =>
      Result.flatMap(decodePayload(operations.restart, payload), requireId)
    )
    const outcomes = yield* restartAll(
      decoded.flatMap((each) => (Result.isSuccess(each) ? [each.success] : [])),
      call
    )
    const answer = (each: (typeof decoded)[number]) =>
      Effect.flatMap(Effect.fromResult(each), ({ id }) => orCurrent(id, show(id, outcomes, call)))
    return yield* Effect.forEach(decoded, (each) => Effect.result(answer(each)), {
      concurrency: "unbounded"
    })
  })

  return {
    ...one,
    answerMany: many,
    expand: withPayload(operations.restart, expand({ ways: "id, ids and tag", live: false }))
  }
})

/** The handlers of `stop` and `restart`. */
export const makeControlHandlers = Effect.all([makeStopHandler, makeRestartHandler])
