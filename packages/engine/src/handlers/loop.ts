/** Answers `loop create`, `get`, `list`, `pause`, `resume`, `cancel` and `clean`. */
import * as operations from "@backbeat/contract/operation/loop"
import { type Problem, problem, withTry } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import { callOf, sentence } from "@backbeat/contract/Text"
import { loopAggregate } from "@backbeat/core/loop/aggregate"
import { hasLoopEnded, type Loop, stepOf } from "@backbeat/core/loop/Loop"
import { isUnbounded } from "@backbeat/core/loop/LoopSpec"
import type { IllegalLoopCommand, LoopCommand } from "@backbeat/core/loop/LoopCommand"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import * as Effect from "effect/Effect"
import {
  actorOf,
  type Call,
  handle,
  type Handler,
  toProblem,
  type HandlerError
} from "../call/Call.ts"
import { CallerSurface } from "../call/written.ts"
import { wrongField } from "../call/wrongField.ts"
import { Transitions } from "../commit/Transitions.ts"
import { makeWithRoom } from "../commit/withRoom.ts"
import { Settings } from "../configuration/Settings.ts"
import { makeOriginOf } from "../creation/originOf.ts"
import { makeLoopCleaning } from "../loop/loopCleaning.ts"
import { makeLoopCreation } from "../loop/loopCreation.ts"
import { inheritanceWarnings } from "../process/inheritance.ts"
import { unlimitedQueues } from "../queue/unlimitedQueue.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { isCursor, totalOf } from "../view/paging.ts"
import { makeLoopHistory } from "../view/loopHistory.ts"
import { briefLoop, makeLoopView } from "../view/LoopView.ts"
import { makeUntilLoop } from "../waiting/loopEnd.ts"
import { makeOrStuck } from "../waiting/orStuck.ts"
import { makeTimeLimit, waitMsOf } from "../waiting/waiting.ts"

const hasEnded = ({ id, from, command }: IllegalLoopCommand): Problem =>
  withTry(
    problem(
      "IllegalTransition",
      `loop ${id} is ${from} and does not accept ${command.toLowerCase()}`,
      sentence`Run ${callOf("why")} to see its state.`,
      { id, from, command }
    ),
    "loop get",
    { id }
  )

const ofChange = (trouble: HandlerError | IllegalLoopCommand): Problem =>
  trouble._tag === "IllegalLoopCommand" ? hasEnded(trouble) : toProblem(trouble)

/** The task or pipeline that runs for it now. */
const runningIds = (loop: Loop): ReadonlyArray<string> => {
  const step = stepOf(loop)
  if (step?.kind === "working") return step.current.id === null ? [] : [step.current.id]
  return step !== null && "taskId" in step && step.taskId !== null ? [step.taskId] : []
}

const unbounded = ({ spec }: Loop): ReadonlyArray<string> =>
  isUnbounded(spec)
    ? [
        "nothing ends this loop but its evaluation: maxIterations is 0, and neither maxDurationMs nor maxCostUsd is set"
      ]
    : []

const queueOf = ({ spec: { work } }: Loop): ReadonlyArray<string> => {
  const { queue } = work.payload
  return typeof queue === "string" ? [queue] : []
}

const makeCreateHandler = Effect.gen(function* () {
  const { create } = yield* makeLoopCreation
  const originOf = yield* makeOriginOf
  const supervisor = yield* Supervisor
  const settings = yield* Settings
  const { find, show } = yield* makeLoopView
  const untilLoop = yield* makeUntilLoop
  const limitTime = yield* makeTimeLimit
  return handle(operations.loopCreate, (input, call: Call) =>
    Effect.gen(function* () {
      const made = yield* create(input, yield* originOf(call))
      const { id } = made
      yield* supervisor.acted(runningIds(yield* find(id)))
      const loop =
        call.flags.wait === true
          ? yield* limitTime(untilLoop(id), { ms: waitMsOf(call), ids: [id], call })
          : yield* find(id)
      const warnings = [
        ...unbounded(loop),
        ...unlimitedQueues(settings.current(), queueOf(loop), yield* CallerSurface),
        ...inheritanceWarnings(call.caller, yield* CallerSurface)
      ]
      return {
        loop: show(loop, input.full),
        ...(warnings.length === 0 ? {} : { warnings })
      }
    })
  )
})

const makeGetHandler = Effect.gen(function* () {
  const { find, show } = yield* makeLoopView
  const historyOf = yield* makeLoopHistory
  return handle(
    operations.loopGet,
    ({ id, history, limit = 20, before, full }: Input<"loop get">) =>
      Effect.gen(function* () {
        const stray = limit !== 20 ? "limit" : before === undefined ? null : "before"
        if (stray !== null && history !== true)
          return yield* Effect.fail(
            wrongField(stray, "requires history", "Add history, or remove it.")
          )
        const loop = yield* find(id)
        const its = history === true ? yield* historyOf(loop, { limit, before }) : {}
        return { loop: { ...show(loop, full), ...its } }
      })
  )
})

const makeListHandler = Effect.gen(function* () {
  const store = yield* AggregateStore
  return handle(operations.loopList, ({ status, since, limit, after }: Input<"loop list">) =>
    Effect.gen(function* () {
      if (after !== undefined && !isCursor(after))
        return yield* Effect.fail(
          wrongField("after", "invalid cursor", "Use `next` of an earlier answer.")
        )
      const filter = {
        status: typeof status === "string" ? [status] : status,
        since: since === undefined ? undefined : Date.parse(since)
      }
      const page = yield* Effect.mapError(
        store.list(loopAggregate, filter, { limit: limit ?? 50, after }),
        toProblem
      )
      return {
        ...totalOf(page),
        loops: page.states.map(briefLoop),
        ...(page.next === null ? {} : { next: page.next })
      }
    })
  )
})

/** Gives commands of callers to loops; made once. */
const makeCommand = Effect.gen(function* () {
  const transitions = yield* Transitions
  const withRoom = yield* makeWithRoom
  const { find } = yield* makeLoopView
  return (id: string, command: LoopCommand, call: Call) =>
    Effect.mapError(
      withRoom(
        transitions.commit((tx) =>
          Effect.flatMap(find(id), (loop) =>
            tx.of(loopAggregate).change(loop, command, actorOf(call))
          )
        )
      ),
      ofChange
    )
})

const makePauseHandlers = Effect.gen(function* () {
  const command = yield* makeCommand
  const supervisor = yield* Supervisor
  const { find, show } = yield* makeLoopView
  const untilLoop = yield* makeUntilLoop
  const orStuck = yield* makeOrStuck
  const answer = (id: string) => Effect.map(find(id), (loop) => ({ loop: show(loop) }))
  return [
    handle(operations.loopPause, ({ id, force = false, reason = null }, call: Call) =>
      Effect.gen(function* () {
        const before = yield* find(id)
        const paused = yield* command(id, { type: "Pause", force, reason }, call)
        // What is stopped by force is gone when the call returns.
        if (force && paused.state.status === "pausing")
          yield* orStuck(
            runningIds(before),
            untilLoop(id, ({ state }) => state.status !== "pausing")
          )
        return yield* answer(id)
      })
    ),
    handle(operations.loopResume, ({ id }, call: Call) =>
      Effect.gen(function* () {
        yield* command(id, { type: "Resume" }, call)
        yield* supervisor.acted(runningIds(yield* find(id)))
        return yield* answer(id)
      })
    )
  ]
})

const makeCancelHandler = Effect.gen(function* () {
  const command = yield* makeCommand
  const { find, show } = yield* makeLoopView
  const untilLoop = yield* makeUntilLoop
  const orStuck = yield* makeOrStuck
  return handle(operations.loopCancel, ({ id, reason = null, cancelTasks = true }, call: Call) =>
    Effect.gen(function* () {
      const before = yield* find(id)
      // The same call, sent again because its connection broke: it has been done.
      const isDone = call.caller.repeated === true && before.state.status === "cancelled"
      if (!isDone) yield* command(id, { type: "Cancel", reason, cancelTasks }, call)
      const ended = yield* orStuck(
        runningIds(before),
        untilLoop(id, ({ state }) => hasLoopEnded(state))
      )
      return { loop: show(ended) }
    })
  )
})

const makeCleanHandler = Effect.gen(function* () {
  const clean = yield* makeLoopCleaning
  const { find, show } = yield* makeLoopView
  return handle(operations.loopClean, (input, call: Call) =>
    Effect.gen(function* () {
      const removed = yield* clean(yield* find(input.id), input, actorOf(call))
      return { loop: show(yield* find(input.id)), removed }
    })
  )
})

/** The handlers of `loop`. */
export const makeLoopHandlers = Effect.map(
  Effect.all([
    makeCreateHandler,
    makeGetHandler,
    makeListHandler,
    makePauseHandlers,
    makeCancelHandler,
    makeCleanHandler
  ]),
  ([create, get, list, pause, ...others]): ReadonlyArray<Handler> => [
    create,
    get,
    list,
    ...pause,
    ...others
  ]
)
