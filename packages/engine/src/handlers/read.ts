/** Answers `status` and `list`. */
import { type Problem, withChange } from "@backbeat/contract/Problem"
import { withShortTexts } from "@backbeat/contract/cutTask"
import { decodePayload } from "@backbeat/contract/decodePayload"
import { errorOf } from "@backbeat/contract/Envelope"
import * as operations from "@backbeat/contract/operation/read"
import type { Input } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import { lastAttempt } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { makeTaskAtLastEnd } from "../checkpoint/taskAtLastEnd.ts"
import { makeInAttempt } from "../attempt/inAttempt.ts"
import { readCheckpoint } from "../checkpoint/readCheckpoint.ts"
import { Home } from "../home/Home.ts"
import { isShim } from "../process/isShim.ts"
import { look } from "../process/look.ts"
import { usageOf } from "../process/usageOf.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { type Call, handle, toProblem } from "../call/Call.ts"
import { makeReadLastLines } from "../view/lastLines.ts"
import { ownKey } from "../waiting/selection.ts"
import { makeOrLoop } from "../view/orLoop.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { iso } from "../view/taskAnswer.ts"
import { totalOf } from "../view/paging.ts"
import { View } from "../view/View.ts"
import { isCursor } from "../view/paging.ts"
import { CallerSurface } from "../call/written.ts"
import { wrongField } from "../call/wrongField.ts"

const noSuchAttempt = ({ id, state }: Task, attempt: number): Problem => {
  const last = lastAttempt(state)
  const rejection = wrongField(
    "attempt",
    `task ${id} had no attempt ${attempt}`,
    last === 0 ? "No attempt of it has begun yet." : `The last attempt is ${last}.`
  )
  return withChange(rejection, { attempt: last === 0 ? undefined : last })
}

/** Rejects a field that requires a task. */
const onlyOfTask = (field: "attempt" | "checkpoint"): Problem =>
  withChange(
    wrongField(field, "requires a task; this id is a pipeline", "Use the id of one of its tasks."),
    { [field]: undefined }
  )

const makeStatusHandler = Effect.gen(function* () {
  const { root } = yield* Home
  const view = yield* View
  const pipelines = yield* makePipelineView
  const orLoop = yield* makeOrLoop
  const taskAtLastEnd = yield* makeTaskAtLastEnd
  const inAttempt = yield* makeInAttempt
  const checkpointOf = Effect.fnUntraced(function* (task: Task) {
    const left = yield* readCheckpoint(root, yield* Effect.mapError(taskAtLastEnd(task), toProblem))
    return { checkpoint: { ...left, endedAt: left.endedAt === null ? null : iso(left.endedAt) } }
  })
  const taskIn = Effect.fnUntraced(function* (task: Task, attempt: number | undefined) {
    if (attempt === undefined) return task
    const found = yield* Effect.mapError(inAttempt(task, attempt), toProblem)
    return found ?? (yield* Effect.fail(noSuchAttempt(task, attempt)))
  })

  const ofTask = ({ id, attempt, checkpoint }: Input<"status">) =>
    Effect.gen(function* () {
      const { task: now, pipeline } = yield* view.named(id)
      if (now === null && checkpoint === true) return yield* Effect.fail(onlyOfTask("checkpoint"))
      if (now === null && attempt !== undefined) return yield* Effect.fail(onlyOfTask("attempt"))
      const task = now === null ? null : yield* taskIn(now, attempt)
      return {
        ...(task === null ? {} : { task: yield* view.show(task) }),
        ...(task !== null && checkpoint === true ? yield* checkpointOf(task) : {}),
        ...(pipeline === null ? {} : { pipeline: yield* pipelines.show(pipeline) })
      }
    })

  const answer = (input: Input<"status">) => orLoop(input.id, ofTask(input), (loop) => ({ loop }))

  const several = (payloads: ReadonlyArray<unknown>) =>
    Effect.gen(function* () {
      const asked = yield* Effect.forEach(payloads, (payload) =>
        Effect.fromResult(decodePayload(operations.status, payload))
      )
      const answers = yield* Effect.forEach(asked, (input) =>
        Effect.map(Effect.result(answer(input)), (result) => ({ id: input.id, result }))
      )
      const surface = yield* CallerSurface
      const found = answers.flatMap(({ result }) =>
        Result.isSuccess(result) ? [result.success] : []
      )
      const errors = answers.flatMap(({ id, result }) =>
        Result.isFailure(result) ? [{ id, error: errorOf(result.failure, surface) }] : []
      )
      const pipelinesFound = found.flatMap((one) => ("pipeline" in one ? (one.pipeline ?? []) : []))
      const loops = found.flatMap((one) => ("loop" in one ? [one.loop] : []))
      return {
        tasks: found.flatMap((one) => ("task" in one ? (one.task ?? []) : [])),
        ...(loops.length === 0 ? {} : { loops }),
        ...(pipelinesFound.length === 0 ? {} : { pipelines: pipelinesFound }),
        ...(errors.length === 0 ? {} : { errors })
      }
    })

  return { ...handle(operations.status, answer), several }
})

/** The session whose tasks are listed; undefined for all tasks. */
const ownerOf = ({ mine, sessionId }: Input<"list">, call: Call) => {
  if (mine !== true) return Effect.succeed(sessionId)
  return sessionId === undefined
    ? ownKey(call)
    : Effect.fail(
        wrongField("mine", "cannot be combined with sessionId", "Use exactly one of them.")
      )
}

/** What evaluates for a loop is listed with that, or by its id. */
const sourceOf = ({ loopId, ids }: Input<"list">) => {
  if (loopId !== undefined) return { source: { kind: "loop", id: loopId } }
  return ids === undefined ? { hidden: false } : {}
}

/** Builds a function that adds last lines and memory use to listed tasks, when requested. */
const makeAddRead = Effect.gen(function* () {
  const { root } = yield* Home
  const readLastLines = yield* makeReadLastLines

  const memoryOf = Effect.fnUntraced(function* (task: Task) {
    if (task.state.status !== "running" && task.state.status !== "stopping") return {}
    const found = yield* look(treeOf(root, task))
    const usage = usageOf(found.map(({ identity: { pid } }) => pid).filter((pid) => !isShim(pid)))
    return usage === null
      ? {}
      : { memoryBytes: [...usage.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) }
  })

  return <Shown extends object>(
    shown: ReadonlyArray<Shown>,
    tasks: ReadonlyArray<Task>,
    { lastLines, resources }: Input<"list">
  ) => {
    if (lastLines === undefined && resources !== true) return Effect.succeed(shown)
    const read = Effect.fnUntraced(function* (each: Shown, task: Task) {
      const lines =
        lastLines === undefined ? {} : { lastLines: yield* readLastLines(task, lastLines) }
      return { ...each, ...lines, ...(resources === true ? yield* memoryOf(task) : {}) }
    })
    // Concurrently, so that they share one process scan.
    return Effect.forEach(
      shown,
      (each, index) =>
        tasks[index] === undefined ? Effect.succeed(each) : read(each, tasks[index]),
      { concurrency: "unbounded" }
    )
  }
})

const makeListHandler = Effect.gen(function* () {
  const addRead = yield* makeAddRead
  const store = yield* TaskStore
  const view = yield* View
  const showAll = (tasks: ReadonlyArray<Task>, single: boolean) =>
    Effect.map(Effect.forEach(tasks, view.show), (all) => (single ? all : all.map(withShortTexts)))
  return handle(operations.list, (input, call) =>
    Effect.gen(function* () {
      const { status, tag, tags, since, limit, after, full } = input
      if (after !== undefined && !isCursor(after)) {
        return yield* Effect.fail(
          wrongField("after", "invalid cursor", "Use `next` of an earlier answer.")
        )
      }
      const wanted = [...(tags ?? []), ...(tag === undefined ? [] : [tag])]
      const page = yield* Effect.mapError(
        store.list(
          {
            ids: input.ids,
            status: typeof status === "string" ? [status] : status,
            tags: wanted.length === 0 ? undefined : wanted,
            queue: input.queue,
            sessionId: yield* ownerOf(input, call),
            kind: input.kind,
            pipelineId: input.pipelineId,
            ...sourceOf(input),
            workKey: input.workKey,
            since: since === undefined ? undefined : Date.parse(since)
          },
          { limit: limit ?? 50, after }
        ),
        toProblem
      )
      const tasks =
        full === true
          ? yield* showAll(page.tasks, input.ids?.length === 1)
          : yield* view.listed(page.tasks)
      return { ...totalOf(page), tasks: yield* addRead(tasks, page.tasks, input), next: page.next }
    })
  )
})

/** The handlers of `status` and `list`. */
export const makeReadHandlers = Effect.all([makeStatusHandler, makeListHandler])
