/** Joins the history with the lines of tasks: the end of a task comes behind its lines, so that a reader may stop at it. */
import type { Frame } from "@backbeat/contract/operation/output"
import type { Problem } from "@backbeat/contract/Problem"
import { isFinal } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import { toProblem } from "../call/Call.ts"

type Frames = Stream.Stream<Frame, Problem>

const ends: ReadonlySet<string> = new Set(["task.completed", "task.failed", "task.cancelled"])

/** A line is between events: its sequence is that of the last one before it in the stream, so that who goes on behind it misses none. */
const numbered = (frames: Frames, since: number): Frames =>
  Stream.mapAccum(
    frames,
    () => since,
    (last, frame) =>
      frame.type === "task.log.line"
        ? ([last, [{ ...frame, sequence: last }]] as const)
        : ([frame.sequence, [frame]] as const)
  )

/** Gives the joining. `linesOf` gives the lines of a task and calls back when all of an attempt that is over have been taken; made once. */
export const makeLinesBeforeEnds = Effect.map(TaskStore, (store) => {
  /** All attempts that are over: which of them an end is of, it does not tell. */
  const overOf = Effect.fnUntraced(function* (id: string) {
    const task = yield* Effect.mapError(store.find(id), toProblem)
    if (task === null) return 0
    return isFinal(task.state.status) ? task.state.attempt : task.state.attempt - 1
  })

  return (
    {
      frames,
      ids,
      since
    }: { readonly frames: Frames; readonly ids: ReadonlyArray<string>; readonly since: number },
    linesOf: (id: string, onDelivered: (attempt: number) => void) => Frames
  ): Frames => {
    const delivered = new Map(ids.map((id) => [id, 0]))
    const news = Latch.makeUnsafe(false)
    const deliver = (id: string, attempt: number): void => {
      delivered.set(id, attempt)
      news.openUnsafe()
    }
    const awaitLines = Effect.fnUntraced(function* (id: string) {
      const over = yield* overOf(id)
      while ((delivered.get(id) ?? Infinity) < over) {
        news.closeUnsafe()
        yield* news.await
      }
    })
    const held = Stream.tap(frames, ({ type, taskId }) =>
      taskId !== undefined && ends.has(type) ? awaitLines(taskId) : Effect.void
    )
    const lines = [...delivered.keys()].map((id) =>
      // Nothing more is to come when a stream of lines has ended, whatever becomes of its task.
      Stream.onEnd(
        linesOf(id, (attempt) => deliver(id, attempt)),
        Effect.sync(() => deliver(id, Infinity))
      )
    )
    return numbered(Stream.mergeAll([held, ...lines], { concurrency: "unbounded" }), since)
  }
})
