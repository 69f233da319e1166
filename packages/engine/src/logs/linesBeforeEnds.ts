/**
 * Merges the events of tasks with their output lines. The end of a task comes after all its lines,
 * so a reader may stop there.
 */
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

/**
 * Gives each line the sequence of the last event before it. So a reader that continues from there
 * misses no event.
 */
const numbered = (frames: Frames, since: number): Frames =>
  Stream.mapAccum(
    frames,
    () => since,
    (last, frame) =>
      frame.type === "task.log.line"
        ? ([last, [{ ...frame, sequence: last }]] as const)
        : ([frame.sequence, [frame]] as const)
  )

/**
 * Builds the merge. `linesOf` streams the lines of a task, and calls back when all lines of an
 * ended attempt were read.
 */
export const makeLinesBeforeEnds = Effect.map(TaskStore, (store) => {
  /**
   * The number of attempts of a task that have ended. An event of an end does not say which attempt
   * it belongs to.
   */
  const endedAttempts = Effect.fnUntraced(function* (id: string) {
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
    const changed = Latch.makeUnsafe(false)
    const deliver = (id: string, attempt: number): void => {
      delivered.set(id, attempt)
      changed.openUnsafe()
    }
    const awaitLines = Effect.fnUntraced(function* (id: string) {
      const endedCount = yield* endedAttempts(id)
      while ((delivered.get(id) ?? Infinity) < endedCount) {
        changed.closeUnsafe()
        yield* changed.await
      }
    })
    const events = Stream.tap(frames, ({ type, taskId }) =>
      taskId !== undefined && ends.has(type) ? awaitLines(taskId) : Effect.void
    )
    const lines = [...delivered.keys()].map((id) =>
      // When a stream of lines has ended, no more lines come, whatever happens to its task.
      Stream.onEnd(
        linesOf(id, (attempt) => deliver(id, attempt)),
        Effect.sync(() => deliver(id, Infinity))
      )
    )
    return numbered(Stream.mergeAll([events, ...lines], { concurrency: "unbounded" }), since)
  }
})
