/** Answers `stop` and `restart`. */
import { decodePayload } from "@backbeat/contract/decodePayload"
import type { Problem } from "@backbeat/contract/Problem"
import * as operations from "@backbeat/contract/operation/steer"
import type { Input } from "@backbeat/contract/table"
import { order } from "@backbeat/core/graph/order"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Home } from "../home/Home.ts"
import { readEnvironment } from "../home/KeptEnvironment.ts"
import { Settings } from "../home/Settings.ts"
import { stopTree } from "../process/stopTree.ts"
import { hasLeftovers, lastTreeOf, withLeftovers } from "../task/leftover.ts"
import { LiveAttempts } from "../task/LiveAttempts.ts"
import { Transitions } from "../task/Transitions.ts"
import type { Tx } from "../task/Tx.ts"
import { makeUntil } from "../task/until.ts"
import { agentUnavailable } from "./agentWork.ts"
import { actorOf, type Call, handle, outcomeOf, toProblem } from "./Call.ts"
import { makeStandings } from "./dependencies.ts"
import { type Doing, makeOnce } from "./once.ts"
import { View } from "./View.ts"
import { makeShowEnd, makeUntilAttempt } from "./waiting.ts"

/** How long, in milliseconds, a stop waits for an end that is known: longer than the work tree may be looked at. */
const knownEndMs = 5000

/** A task as it was seen before its stop is asked for, and whether a look found leftover processes of it. */
interface Seen {
  readonly seen: Task
  readonly leftover: boolean
  readonly call: Call
}

/** How what an ended task left running is to be stopped. */
const orderOf = ({ spec }: Task, { signal, force }: Input<"stop">) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    stopSignal: signal ?? spec.stopSignal,
    killAt: force === true ? now : now + spec.gracePeriodMs
  }))

/** Stops that wait together share their looks at the processes. Each needs two or three descriptors. */
const stopsAtOnce = 250

const makeStopHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const view = yield* View
  const until = yield* makeUntil
  const lives = yield* LiveAttempts

  /** What is over is not stopped any more, though what an agent said of it is yet to be read. */
  const endThatIsKnown = Effect.fnUntraced(function* (id: string) {
    const live = lives.find(id)
    if (live?.over !== true) return
    const { attempt } = live
    const committed = until(id, ({ state }) => state.status !== "running" || state.attempt > attempt)
    yield* Effect.mapError(Effect.timeoutOption(committed, knownEndMs), toProblem(id))
  })

  /** Asks for the stop in a transaction. A task that has changed since it was seen is looked at again. */
  const askForStop = ({ id, reason, signal, force }: Input<"stop">, { seen, leftover, call }: Seen) =>
    transitions.commit((tx) =>
      Effect.gen(function* () {
        const task = yield* view.find(id)
        const isSame = task.state.status === seen.state.status && task.state.attempt === seen.state.attempt
        const command = {
          type: "Stop",
          reason: reason ?? null,
          signal: signal ?? task.spec.stopSignal,
          graceMs: force === true ? 0 : task.spec.gracePeriodMs,
          leftover: isSame ? leftover : withLeftovers(root, [task]).has(id)
        } as const
        return (yield* tx.change(task, command, actorOf(call))).state
      })
    )

  const stop = handle(operations.stop, (input, call) =>
    Effect.gen(function* () {
      const { id } = input
      yield* endThatIsKnown(id)
      const task = yield* view.find(id)
      // The same call, sent again because its connection broke: it has been done.
      if (call.caller.repeated === true && task.state.status === "cancelled") return { task: yield* view.show(task) }
      const tree = lastTreeOf(root, task)
      const leftover = task.state.status !== "running" && task.state.status !== "stopping" && (yield* hasLeftovers(root, task))
      if (isFinal(task.state.status) && tree !== null && leftover) {
        yield* stopTree(tree, yield* orderOf(task, input))
        return { task: yield* view.show(task) }
      }
      const { attempt } = yield* Effect.mapError(askForStop(input, { seen: task, leftover, call }), toProblem(id))
      // What is waited for is what the transaction made of the task: it may be another attempt than the one that was seen.
      const ended = until(id, ({ state }) => isFinal(state.status) || state.attempt > attempt)
      return { task: yield* view.show(yield* Effect.mapError(ended, toProblem(id))) }
    })
  )
  return { ...stop, concurrency: stopsAtOnce }
})

/** On whose behalf tasks are restarted, and what of it is done. */
type Restarting = Doing & { readonly call: Call }

/** Asks for another attempt of one task in a transaction, and gives its number; made once. */
const makeRestartOne = Effect.gen(function* () {
  const { root } = yield* Home
  const settings = yield* Settings
  const view = yield* View
  const { standingAgain } = yield* makeStandings
  return Effect.fnUntraced(function* (tx: Tx, { id, reason }: Input<"restart">, { call, before, note }: Restarting) {
    const made = before.get(id)
    if (made !== undefined) return made.attempt
    const task = yield* view.find(id)
    // An agent that is gone would put an attempt that never was in the place of the last one.
    const env = task.spec.work.kind === "prompt" ? readEnvironment(root, task) : null
    const unavailable = env === null ? null : agentUnavailable(task.spec, env, settings.current())
    if (unavailable !== null) return yield* Effect.fail(unavailable)
    // What runs has waited already.
    const stands = isFinal(task.state.status) ? yield* standingAgain(task) : { waitsFor: [], broken: null }
    const anew = { spec: null, reason: reason ?? null }
    const { state } = yield* tx.restart(task, anew, stands, actorOf(call))
    const attempt = state.status === "stopping" ? state.attempt + 1 : state.attempt
    note(id, { id, attempt })
    return attempt
  })
})

/** Restarts tasks in one transaction, each behind those of them that it depends on: before these it would be withdrawn; made once. */
const makeRestartMany = Effect.gen(function* () {
  const store = yield* TaskStore
  const restartOne = yield* makeRestartOne
  return Effect.fnUntraced(function* (tx: Tx, inputs: ReadonlyArray<Input<"restart">>, restarting: Restarting) {
    // Of a task that is named twice the first counts.
    const byId = new Map(inputs.toReversed().map((input) => [input.id, input]))
    const nodes = yield* Effect.forEach(byId.keys(), (id) =>
      Effect.map(store.find(id), (task) => ({ id, dependsOn: task?.spec.dependsOn.map((each) => each.task) ?? [] }))
    )
    const arranged = order(nodes)
    const attempts = new Map<string, Result.Result<number, Problem>>()
    for (const id of [...arranged.order, ...arranged.cycles.keys()]) {
      attempts.set(id, yield* outcomeOf(id, restartOne(tx, byId.get(id) ?? { id }, restarting)))
    }
    return attempts
  })
})

const makeRestartHandler = Effect.gen(function* () {
  const transitions = yield* Transitions
  const view = yield* View
  const untilAttempt = yield* makeUntilAttempt
  const showEnd = yield* makeShowEnd
  const restartOne = yield* makeRestartOne
  const restartMany = yield* makeRestartMany
  const once = yield* makeOnce

  const show = (id: string, next: number, call: Call) =>
    Effect.gen(function* () {
      const now = yield* call.caller.repeated === true ? view.settled(id) : untilAttempt(id, next)
      return call.flags.wait === true ? yield* showEnd(id, call) : { task: yield* view.show(now) }
    })

  const one = handle(operations.restart, (input, call: Call) =>
    Effect.gen(function* () {
      const next = yield* Effect.mapError(transitions.commit((tx) => once(tx, call, (doing) => restartOne(tx, input, { call, ...doing }))), toProblem(input.id))
      return yield* show(input.id, next, call)
    })
  )

  const many = Effect.fnUntraced(function* (payloads: ReadonlyArray<unknown>, call: Call) {
    const decoded = payloads.map((payload) => decodePayload(operations.restart, payload))
    const inputs = decoded.flatMap((each) => (Result.isSuccess(each) ? [each.success] : []))
    const restarted = transitions.commit((tx) => once(tx, call, (doing) => restartMany(tx, inputs, { call, ...doing })))
    const attempts = yield* Effect.mapError(restarted, toProblem(""))
    const answer = (each: (typeof decoded)[number]) =>
      Effect.gen(function* () {
        const { id } = yield* Effect.fromResult(each)
        const next = attempts.get(id)
        return next === undefined ? yield* Effect.die("a restart without an answer") : yield* show(id, yield* Effect.fromResult(next), call)
      })
    return yield* Effect.forEach(decoded, (each) => Effect.result(answer(each)), { concurrency: "unbounded" })
  })

  return { ...one, answerMany: many }
})

/** The handlers of `stop` and `restart`. */
export const makeSteerHandlers = Effect.all([makeStopHandler, makeRestartHandler])
