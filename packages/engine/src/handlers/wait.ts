/** Answers `wait`. The awaited commit, line or port wakes it. */
import { CallerSurface } from "../call/written.ts"
import { callOf, sentence } from "@backbeat/contract/Text"
import { decodePayload } from "@backbeat/contract/decodePayload"
import { type Problem, problem, withChange, withTry } from "@backbeat/contract/Problem"
import * as operations from "@backbeat/contract/operation/read"
import type { Input } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal, lastAttempt } from "@backbeat/core/task/TaskState"
import { History } from "@backbeat/store/History"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { watchWarnings } from "../alarm/onChange.ts"
import { Home } from "../home/Home.ts"
import { parseCursor } from "../output/Cursor.ts"
import type { InvalidLogQuery } from "../output/InvalidLogQuery.ts"
import { idleLineMs } from "../output/IdleLines.ts"
import { makeTaskLines } from "../logs/taskLines.ts"
import { isOpenPort } from "../process/askTcp.ts"
import { describeWasHeld } from "../process/heldPort.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { makeWaitUntil, makeUntilEnded } from "../commit/until.ts"
import { makeAwaitMany, pipelineSupportsOnlyEnd, type WaitCondition } from "../waiting/awaitMany.ts"
import { type Call, handle, toProblem } from "../call/Call.ts"
import { makeLastLines } from "../view/lastLines.ts"
import { makeLoopView } from "../view/LoopView.ts"
import { makeUntilLoop } from "../waiting/loopEnd.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { makeSelect } from "../waiting/selection.ts"
import { makeShowEndedPipeline } from "../view/showEndedPipeline.ts"
import { View } from "../view/View.ts"
import { wrongField } from "../call/wrongField.ts"
import { makeTimeLimit, waitMsOf } from "../waiting/waiting.ts"

/** How often (ms) a port is tried while a caller waits for it: ports have no events. */
const portIntervalMs = 8

const endedBefore = (
  task: Task,
  what: string,
  evidence: {
    readonly lastLines?: ReadonlyArray<string>
    readonly warnings?: ReadonlyArray<string>
  }
): Problem => {
  const { id, state } = task
  const rejection = problem(
    "IllegalTransition",
    `task ${id} ${state.status} before ${what}`,
    sentence`Run ${callOf("logs")} and ${callOf("why")} to see the reason.`,
    {
      id,
      status: state.status,
      ...(state.status === "failed" ? { failure: state.failure } : {}),
      ...evidence
    }
  )
  return withTry(rejection, "why", { id })
}

const wrongPattern = ({ field, hint, message }: InvalidLogQuery): Problem =>
  wrongField(field === "since" ? "since" : "for.log", message, hint)

/**
 * Whether an attempt has started. A task that was cancelled before, or could not be spawned, never
 * started.
 */
const isStarted = ({ state }: Task): boolean => {
  if (state.status === "failed")
    return state.failure.type !== "NotSpawned" && state.startedAt !== null
  if (state.status === "cancelled" || state.status === "stopping") return state.startedAt !== null
  return state.status === "running" || state.status === "retrying" || state.status === "completed"
}

/** A task without a probe is ready as soon as it runs. */
const isReady = ({ state, spec }: Task): boolean =>
  state.status === "running" &&
  (state.health === "ready" || (spec.readyWhen === null && spec.healthProbe === null))

/** Builds the functions that wait for one task. */
const makeAwaitOne = Effect.gen(function* () {
  const until = yield* makeWaitUntil
  const lines = yield* makeTaskLines
  const view = yield* View

  const lastLines = yield* makeLastLines
  const monitored = yield* MonitoredAttempts
  /** Fails with the last lines, which show why a server was not ready. */
  const tooLate = (task: Task, what: string) =>
    Effect.flatMap(lastLines(task), (last) => {
      const held = monitored.heldPort(task)
      const warnings = held === null ? {} : { warnings: [describeWasHeld(held)] }
      return Effect.fail(endedBefore(task, what, { ...last, ...warnings }))
    })

  const untilOrEnd = (id: string, what: string, condition: (task: Task) => boolean) =>
    Effect.gen(function* () {
      const task = yield* Effect.mapError(
        until(id, (each) => condition(each) || isFinal(each.state.status)),
        toProblem
      )
      return condition(task) ? task : yield* tooLate(task, what)
    })

  const firstLine = Effect.fnUntraced(function* (id: string, pattern: string, since?: string) {
    const { state } = yield* view.find(id)
    const last = Math.max(1, lastAttempt(state))
    const attempt = Math.min(last, parseCursor(since ?? "")?.attempt ?? last)
    const first = lines({ id, attempt, since, grep: pattern, idleLineMs })
    const found = yield* Effect.mapError(Stream.runCollect(Stream.take(first, 1)), (error) =>
      error._tag === "InvalidLogQuery" ? wrongPattern(error) : toProblem(error)
    )
    return found[0] ?? (yield* tooLate(yield* view.find(id), `a line matched ${pattern}`))
  })

  const awaitLine = (id: string, pattern: string) =>
    Effect.andThen(firstLine(id, pattern), view.find(id))

  const awaitPort = Effect.fnUntraced(function* (id: string, port: number) {
    const opened = Effect.gen(function* () {
      while (!(yield* isOpenPort(port))) yield* Effect.sleep(portIntervalMs)
      return yield* view.find(id)
    })
    return yield* Effect.raceFirst(
      opened,
      untilOrEnd(id, `port ${port} was open`, () => false)
    )
  })

  const reached = (id: string, what: WaitCondition): Effect.Effect<Task, Problem> => {
    if (what === "end") return untilOrEnd(id, "its end", ({ state }) => isFinal(state.status))
    if (what === "start") return untilOrEnd(id, "it started", isStarted)
    if (what === "ready") return untilOrEnd(id, "it was ready", isReady)
    return "log" in what ? awaitLine(id, what.log) : awaitPort(id, what.port)
  }
  return { reached, line: firstLine }
})

/** Builds a function that returns the ids to wait for. */
const makeIdsOf = Effect.map(makeSelect, (select) =>
  Effect.fnUntraced(function* (input: Input<"wait">, call: Call) {
    const { id, ids, tag, pipelineId, loopId, mine } = input
    const given = [id, ids, tag, pipelineId, loopId, mine === true ? mine : undefined].filter(
      (each) => each !== undefined
    )
    if (given.length !== 1) {
      return yield* Effect.fail(
        wrongField(
          "id",
          "exactly one of id, ids, tag, pipelineId, loopId and mine is required",
          "Use exactly one of them."
        )
      )
    }
    const one = id ?? pipelineId ?? loopId
    return one === undefined ? yield* select(input, call, { live: false }) : [one]
  })
)

/** Builds a function that waits for the end of a pipeline. */
const makeAwaitPipeline = Effect.gen(function* () {
  const pipelines = yield* makePipelineView
  const untilEnded = yield* makeUntilEnded
  const showEnded = yield* makeShowEndedPipeline

  return Effect.fnUntraced(function* (id: string, { for: what = "end", mode }: Input<"wait">) {
    if (what !== "end") return yield* Effect.fail(pipelineSupportsOnlyEnd)
    if (mode !== undefined)
      return yield* Effect.fail(
        withChange(wrongField("mode", "requires several tasks", "Remove mode."), {
          mode: undefined
        })
      )
    return yield* showEnded(yield* Effect.mapError(untilEnded(id, pipelines.find(id)), toProblem))
  })
})

const misplacedSince = ({ for: what, id, since }: Input<"wait">): Problem | null =>
  since === undefined || (id !== undefined && typeof what === "object" && "log" in what)
    ? null
    : wrongField(
        "since",
        "requires one id and for: {log}",
        "Remove since, or use it with id and for: {log}."
      )

/** The ids of an array of payloads, which may have no other field. */
const idsOfArray = Effect.fnUntraced(function* (payloads: ReadonlyArray<unknown>) {
  const inputs = yield* Effect.forEach(payloads, (payload) =>
    Effect.fromResult(decodePayload(operations.wait, payload))
  )
  const odd = inputs.findIndex(
    (input) =>
      input.id === undefined || Object.keys(input).some((key) => key !== "id" && key !== "full")
  )
  if (odd >= 0)
    return yield* Effect.fail(
      wrongField(
        `[${odd}]`,
        "an array may contain only ids",
        "Use one payload with ids and the other fields."
      )
    )
  return inputs.flatMap(({ id }) => (id === undefined ? [] : [id]))
})

/** The handler of `wait`. */
export const makeWaitHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const history = yield* History
  const view = yield* View
  const idsOf = yield* makeIdsOf
  const lastLines = yield* makeLastLines
  const awaitMany = yield* makeAwaitMany
  const awaitPipeline = yield* makeAwaitPipeline
  const awaitOne = yield* makeAwaitOne
  const limitTime = yield* makeTimeLimit
  const loops = yield* makeLoopView
  const untilLoop = yield* makeUntilLoop

  const cursor = Effect.mapError(Effect.map(history.lastSequence, String), toProblem)

  const awaitPipelineOf = (id: string, input: Input<"wait">) =>
    Effect.flatMap(awaitPipeline(id, input), (ended) =>
      Effect.map(cursor, (at) => ({ ...ended, cursor: at }))
    )

  const awaitLoopOf = Effect.fnUntraced(function* (id: string, input: Input<"wait">) {
    const stray = input.for === undefined ? (input.mode === undefined ? null : "mode") : "for"
    if (stray !== null) return yield* Effect.fail(wrongField(stray, "requires tasks", "Remove it."))
    return { loop: loops.show(yield* untilLoop(id), input.full), cursor: yield* cursor }
  })

  const awaitSingle = Effect.fnUntraced(function* (id: string, input: Input<"wait">) {
    if ((yield* loops.look(id)) !== null) return yield* awaitLoopOf(id, input)
    if ((yield* view.named(id)).task === null) return yield* awaitPipelineOf(id, input)
    const what = input.for ?? "end"
    if (typeof what === "object" && "log" in what) {
      const { cursor: lineCursor, text } = yield* awaitOne.line(id, what.log, input.since)
      return {
        line: text,
        cursor: lineCursor,
        ...(input.full === true ? { task: yield* view.show(yield* view.find(id)) } : {})
      }
    }
    const task = yield* awaitOne.reached(id, what)
    return { task: yield* view.show(task), ...(yield* lastLines(task)), cursor: yield* cursor }
  })

  const awaitAny = (
    ids: ReadonlyArray<string>,
    input: Input<"wait">
  ): Effect.Effect<typeof operations.wait.output.Type, Problem> => {
    if (input.pipelineId !== undefined) return awaitPipelineOf(input.pipelineId, input)
    if (input.loopId !== undefined) return awaitLoopOf(input.loopId, input)
    if (input.id !== undefined) return awaitSingle(input.id, input)
    return Effect.flatMap(awaitMany(ids, input, awaitOne.reached), (ended) =>
      Effect.map(cursor, (at) => ({ ...ended, cursor: at }))
    )
  }

  const answer = (input: Input<"wait">, call: Call) =>
    Effect.gen(function* () {
      const ids = yield* idsOf(input, call)
      const misplaced = misplacedSince(input)
      if (misplaced !== null) return yield* Effect.fail(misplaced)
      const ended = yield* limitTime(awaitAny(ids, input), {
        ms: input.timeout ?? waitMsOf(call),
        ids,
        call,
        again: { operation: "wait", payload: input },
        output: typeof input.for === "object" && "log" in input.for
      })
      const warnings = watchWarnings(root, yield* CallerSurface)
      return warnings.length === 0 ? ended : { ...ended, warnings }
    })

  const several = (payloads: ReadonlyArray<unknown>, call: Call) =>
    Effect.flatMap(idsOfArray(payloads), (ids) => answer({ ids }, call))

  return { ...handle(operations.wait, answer), several }
})
