/** Answers `start`. */
import { surfaceOf } from "@backbeat/contract/surface/surfaces"
import type { Problem } from "@backbeat/contract/Problem"
import { decodePayload } from "@backbeat/contract/decodePayload"
import * as operations from "@backbeat/contract/operation/start"
import type { StartInput } from "@backbeat/contract/operation/start"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { watchWarnings } from "../alarm/onChange.ts"
import { Settings } from "../configuration/Settings.ts"
import { Home } from "../home/Home.ts"
import { inheritanceWarnings } from "../process/inheritance.ts"
import { describeHeld } from "../process/heldPort.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { CallerSurface } from "../call/written.ts"
import { unlimitedQueues } from "../queue/unlimitedQueue.ts"
import { loginWarnings } from "../creation/agentWork.ts"
import { type Call, handle, toProblem } from "../call/Call.ts"
import { droppedNames } from "../creation/droppedNames.ts"
import { existingFields } from "../creation/existing.ts"
import { makeOriginOf } from "../creation/originOf.ts"
import { type Item } from "../creation/createTask.ts"
import { makeTaskCreation, type Started } from "../creation/taskCreation.ts"
import { View } from "../view/View.ts"
import { makeOrCurrent, makeShowEnd, makeUntilAttempt } from "../waiting/waiting.ts"

type Outcome = Result.Result<unknown, Problem>

const idOf = (payload: unknown): unknown =>
  Predicate.isObject(payload) && "id" in payload ? payload.id : undefined

/** The ids of payloads that could not be decoded, with their places. */
const undecodedIds = (
  payloads: ReadonlyArray<unknown>,
  decoded: ReadonlyArray<Outcome>
): ReadonlyMap<string, number> =>
  new Map(
    decoded.flatMap((each, index) => {
      const id = Result.isFailure(each) ? idOf(payloads[index]) : undefined
      return typeof id === "string" ? [[id, index] as const] : []
    })
  )

const storedIds = (started: ReadonlyArray<Started>): ReadonlyArray<string> =>
  started.flatMap(({ result }) => (Result.isSuccess(result) ? [result.success.id] : []))

/** The handler of `start`: one payload, or an array that is stored in one commit. */
export const makeStart = Effect.gen(function* () {
  const { root } = yield* Home
  const startTasks = yield* makeTaskCreation
  const originOf = yield* makeOriginOf
  const settings = yield* Settings
  const monitored = yield* MonitoredAttempts
  const view = yield* View
  const supervisor = yield* Supervisor
  const showEnd = yield* makeShowEnd
  const untilAttempt = yield* makeUntilAttempt
  const orCurrent = yield* makeOrCurrent

  /**
   * Warns if the task's port answered before it started: those answers come from another program.
   */
  const heldPorts = (task: Task): ReadonlyArray<string> => {
    const held = monitored.heldPort(task)
    return held === null
      ? []
      : [`${describeHeld(held)}: the task is ready only when it listens there itself`]
  }

  /** Warnings that concern every task of a call. */
  const surroundingWarnings = ({ caller }: Call): ReadonlyArray<string> => [
    ...inheritanceWarnings(caller, surfaceOf(caller.surface)),
    ...watchWarnings(root, surfaceOf(caller.surface))
  ]

  const show = (started: Started, input: StartInput, call: Call, ofAll: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const task = yield* Effect.fromResult(started.result)
      const config = settings.current()
      const env =
        input.inheritEnv === false ? (input.env ?? {}) : { ...call.caller.env, ...input.env }
      const warnings = [
        ...unlimitedQueues(config, [task.spec.queue], yield* CallerSurface),
        ...droppedNames(task.spec),
        ...heldPorts(task),
        ...loginWarnings(task.spec, env, config),
        ...ofAll
      ]
      const extras = {
        ...existingFields(started.found),
        ...(warnings.length === 0 ? {} : { warnings })
      }
      if (call.flags.wait === true) return { ...(yield* showEnd(task.id, call)), ...extras }
      const isEnding = input.ifRunning === "restart" && task.state.status === "stopping"
      const current = isEnding ? untilAttempt(task.id, task.state.attempt + 1) : view.find(task.id)
      // A task that ran and was pruned meanwhile was still started.
      const now = yield* Effect.catchIf(
        current,
        ({ type }) => type === "TaskNotFound",
        () => Effect.succeed(task)
      )
      return { task: yield* view.show(now), ...extras }
    })

  const single = handle(operations.start, (input, call) =>
    Effect.gen(function* () {
      const [started] = yield* Effect.mapError(
        startTasks([{ input, index: 0 }], yield* originOf(call)),
        toProblem
      )
      yield* supervisor.acted(storedIds(started === undefined ? [] : [started]))
      return yield* started === undefined
        ? Effect.die("a start without an answer")
        : show(started, input, call, surroundingWarnings(call))
    })
  )

  const many = Effect.fnUntraced(function* (payloads: ReadonlyArray<unknown>, call: Call) {
    const decoded = payloads.map((payload) => decodePayload(operations.start, payload))
    const items = decoded.flatMap((each, index): ReadonlyArray<Item> =>
      Result.isSuccess(each) ? [{ input: each.success, index }] : []
    )
    const started = new Map(
      (yield* Effect.mapError(
        startTasks(items, yield* originOf(call), undecodedIds(payloads, decoded)),
        toProblem
      )).map((each) => [each.index, each])
    )
    yield* supervisor.acted(storedIds([...started.values()]))
    const ofAll = surroundingWarnings(call)
    const results = yield* Effect.forEach(
      decoded,
      (each, index): Effect.Effect<Result.Result<unknown, Problem>> => {
        const one = started.get(index)
        if (Result.isFailure(each)) return Effect.succeed(Result.fail(each.failure))
        if (one === undefined) return Effect.die("a start without an answer")
        const answer = show(one, each.success, call, ofAll)
        return Effect.result(
          Result.isSuccess(one.result) ? orCurrent(one.result.success.id, answer) : answer
        )
      },
      { concurrency: "unbounded" }
    )
    return results
  })

  return { ...single, answerMany: many }
})
