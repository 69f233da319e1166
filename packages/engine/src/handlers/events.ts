/** Answers `events`, at once or as a stream without gaps and duplicates. */
import { cutBriefPipeline } from "@backbeat/contract/cutAnswer"
import { cutFrame } from "@backbeat/contract/cutFrame"
import { cutTask } from "@backbeat/contract/cutTask"
import * as operations from "@backbeat/contract/operation/output"
import type { Input } from "@backbeat/contract/table"
import { type EventType, eventTypes, isEventType } from "@backbeat/core/history/RecordedEvent"
import { hasLoopEnded } from "@backbeat/core/loop/Loop"
import { isFinal, statuses } from "@backbeat/core/task/TaskState"
import { History } from "@backbeat/store/History"
import { type TaskFilter, TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { makeTaskLines } from "../logs/taskLines.ts"
import { Transitions } from "../commit/Transitions.ts"
import { type Call, handle, readingOf, withPayload, toProblem } from "../call/Call.ts"
import { eventFrame, lineFrame, pipelineSnapshotFrame, snapshotFrame } from "../view/frame.ts"
import { makeLinesBeforeEnds } from "../logs/linesBeforeEnds.ts"
import { makeLoopView } from "../view/LoopView.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { View } from "../view/View.ts"
import { requiresStream, wrongField } from "../call/wrongField.ts"

const pageEvents = 1000

const live = statuses.filter((status) => !isFinal(status))

/** Frames that are not events. A stream contains them whatever types are requested. */
const otherFrameTypes: ReadonlyArray<string> = [
  "task.log.line",
  "task.status.snapshot",
  "pipeline.status.snapshot"
]

const typesOf = Effect.fnUntraced(function* ({ types }: Input<"events">) {
  const unknown = types?.find((type) => !isEventType(type) && !otherFrameTypes.includes(type))
  if (unknown === undefined) return types?.filter(isEventType)
  return yield* Effect.fail(
    wrongField("types", `unknown type ${unknown}`, `Known types: ${eventTypes.join(", ")}.`)
  )
})

const sinceOf = ({ since = 0 }: Input<"events">): number => Number(since)

/** Which events a call wants. */
interface Filter {
  readonly taskIds: ReadonlyArray<string> | undefined
  readonly tag: string | undefined
  readonly pipelineId: string | undefined
  readonly source: { readonly kind: string; readonly id: string } | undefined
  readonly types: ReadonlyArray<EventType> | undefined
}

/** Builds the functions that read the history, once or continuously. */
const makeHistory = Effect.gen(function* () {
  const store = yield* TaskStore
  const history = yield* History
  const transitions = yield* Transitions
  const view = yield* View
  const pipelines = yield* makePipelineView
  const loops = yield* makeLoopView

  const page = (filter: Filter, since: number, limit: number) =>
    Effect.mapError(history.events({ ...filter, since, limit }), toProblem)

  /**
   * Checked for each page of a stream, so it is as fast for a thousand tasks as for a few. Fails
   * with TaskNotFound if one was pruned.
   */
  const haveEnded = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    if (ids.length <= 2)
      return (yield* Effect.forEach(ids, view.find)).every(({ state }) => isFinal(state.status))
    const count = (filter: TaskFilter) =>
      Effect.map(
        Effect.mapError(store.list({ ids, ...filter }, { limit: 1 }), toProblem),
        ({ total }) => total
      )
    if ((yield* count({})) < new Set(ids).size) yield* Effect.forEach(ids, view.find)
    return (yield* count({ status: live })) === 0
  })

  /** Whether everything that is named has ended. Only a restart causes further events. */
  const hasEnded = Effect.fnUntraced(function* ({ taskIds, pipelineId, source }: Filter) {
    if (source !== undefined) return hasLoopEnded((yield* loops.find(source.id)).state)
    if (taskIds === undefined && pipelineId === undefined) return false
    const pipeline = pipelineId === undefined ? null : yield* pipelines.find(pipelineId)
    return pipeline?.state.status !== "running" && (yield* haveEnded(taskIds ?? []))
  })

  /** Events after `since`; with `follow` until all named tasks have ended, or without end. */
  const recordedFrom = (filter: Filter, since: number, follow: boolean) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const changed = Latch.makeUnsafe(false)
        yield* Effect.acquireRelease(
          Effect.sync(() => transitions.onCommit(() => changed.openUnsafe())),
          (stop) => Effect.sync(stop)
        )
        return Stream.paginate(since, (from: number) =>
          Effect.gen(function* () {
            // Closed before the read, so that a later commit opens the latch again.
            changed.closeUnsafe()
            const ended = yield* hasEnded(filter)
            const events = yield* page(filter, from, pageEvents)
            const last = events.at(-1)?.sequence ?? from
            if (events.length === 0 && (!follow || ended))
              return [[], Option.none<number>()] as const
            if (events.length === 0) yield* changed.await
            return [events.map(eventFrame), Option.some(last)] as const
          })
        )
      })
    )

  return { page, recordedFrom }
})

/** The handler of `events`. */
export const makeEventsHandler = Effect.gen(function* () {
  const view = yield* View
  const pipelines = yield* makePipelineView
  const loops = yield* makeLoopView
  const taskLines = yield* makeTaskLines
  const linesBeforeEnds = yield* makeLinesBeforeEnds
  const { page, recordedFrom } = yield* makeHistory

  const filterOf = Effect.fnUntraced(function* (input: Input<"events">) {
    const ids = [...(input.id === undefined ? [] : [input.id]), ...(input.ids ?? [])]
    yield* Effect.forEach(ids, view.find)
    const { tag, pipelineId, loopId } = input
    if (pipelineId !== undefined) yield* pipelines.find(pipelineId)
    if (loopId !== undefined) yield* loops.find(loopId)
    return {
      taskIds: ids.length === 0 ? undefined : ids,
      tag,
      pipelineId,
      source: loopId === undefined ? undefined : { kind: "loop", id: loopId },
      types: yield* typesOf(input)
    } satisfies Filter
  })

  const linesOf = (id: string, follow: boolean, onDelivered: (attempt: number) => void) =>
    Stream.unwrap(
      Effect.map(view.find(id), ({ state }) =>
        taskLines({
          id,
          attempt: 1,
          single: !follow && isFinal(state.status) && state.attempt === 1,
          onDelivered
        }).pipe(
          Stream.map((line) => lineFrame(id, 0, line)),
          Stream.mapError((error) =>
            error._tag === "InvalidLogQuery"
              ? wrongField("lines", error.message, "Remove lines.")
              : toProblem(error)
          )
        )
      )
    )

  const stream = Effect.fnUntraced(function* (input: Input<"events">, call: Call) {
    const filter = yield* filterOf(input)
    const since = sinceOf(input)
    const { pipelineId } = filter
    const now = yield* Clock.currentTimeMillis
    const tasks = yield* Effect.forEach(filter.taskIds ?? [], view.find)
    const shown = yield* Effect.forEach(tasks, view.show)
    const pipeline = pipelineId === undefined ? null : yield* pipelines.find(pipelineId)
    const shownPipelines = pipeline === null ? [] : yield* pipelines.briefs([pipeline])
    const full = input.full === true
    const reader = { ...readingOf(call, false), carried: false }
    const snapshots = Stream.fromIterable([
      ...shown.map((task) => snapshotFrame(full ? task : cutTask(task, reader), since, now)),
      ...shownPipelines.map((each) =>
        pipelineSnapshotFrame(full ? each : cutBriefPipeline(each, reader), since, now)
      )
    ])
    const events = recordedFrom(filter, since, input.follow ?? false)
    const frames = Stream.concat(snapshots, full ? events : Stream.map(events, cutFrame))
    if (input.lines !== true) return frames
    const ids =
      filter.taskIds ??
      (pipeline === null ? [] : (yield* pipelines.tasksOf(pipeline)).map(({ id }) => id))
    if (ids.length === 0) {
      return yield* Effect.fail(
        wrongField("lines", "needs id, ids or pipelineId", "Name the tasks whose lines you want.")
      )
    }
    return linesBeforeEnds({ frames, ids, since }, (id, onDelivered) =>
      linesOf(id, input.follow ?? false, onDelivered)
    )
  })

  const answer = (input: Input<"events">) =>
    Effect.gen(function* () {
      if (input.follow === true || input.lines === true) {
        const field = input.follow === true ? "follow" : "lines"
        return yield* Effect.fail(requiresStream(field, "events", input))
      }
      const filter = yield* filterOf(input)
      const since = sinceOf(input)
      const events = yield* page(filter, since, input.limit ?? 1000)
      return { events: events.map(eventFrame), cursor: events.at(-1)?.sequence ?? since }
    })

  return { ...handle(operations.events, answer), stream: withPayload(operations.events, stream) }
})
