/** A task as it was in one of its attempts: its specification then, and how the attempt ended. */
import type { Task } from "@backbeat/core/task/Task"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import { wasStarted, lastAttempt, type TaskState } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { makeReplay } from "./replay.ts"

/** A retry that followed is not part of this attempt. */
const endedState = (state: TaskState): TaskState => {
  if (state.status !== "retrying") return state
  const { status: _, retryAt: __, failure, ...ended } = state
  return failure === null
    ? { status: "completed", ...ended }
    : { status: "failed", failure, ...ended }
}

/**
 * Builds a function that returns a task as it was in an attempt; null if there was no such attempt.
 * Fails with StoreError.
 */
export const makeInAttempt = Effect.map(makeReplay, (replay) =>
  Effect.fnUntraced(function* (now: Task, attempt: number) {
    if (wasStarted(now.state) && now.state.attempt === attempt) return now
    if (attempt > lastAttempt(now.state)) return null
    let ran: TaskSpec | null = null
    let found: Task | null = null
    yield* replay(now.id, (task, type) => {
      if (task.state.attempt !== attempt || !wasStarted(task.state)) return
      // A `start` of the same id may have changed the specification for the next attempt.
      if (type === "task.started") ran = task.spec
      if (ran !== null) found = { ...task, spec: ran, state: endedState(task.state) }
    })
    return found
  })
)
