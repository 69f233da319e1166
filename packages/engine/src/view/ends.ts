/**
 * Summarizes how several tasks ended: one outcome, the number in each status, and the last lines of
 * failed tasks.
 */
import { countOf, type FailedTask, failuresMaxCount, outcomeOf } from "@backbeat/contract/Ends"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { fewLastLines } from "../output/lastLinesOf.ts"
import { makeLastLines } from "./lastLines.ts"
import { once } from "../wiring/once.ts"

/** Whether a task has completed or is ready. */
export const isSuccessful = ({ state }: Task): boolean =>
  state.status === "completed" || (state.status === "running" && state.health === "ready")

const isFailed = ({ state }: Task): boolean => state.status === "failed"

const causeOf = ({ state }: Task): Pick<FailedTask, "exitCode" | "failure"> => {
  if (state.status !== "failed") return {}
  const { failure } = state
  return failure.type === "ExitedNonZero" ? { exitCode: failure.exitCode } : { failure }
}

/** Builds the summary. `good` says which tasks count as successful. */
export const makeEnds = once(
  Effect.map(makeLastLines, (lastLines) =>
    Effect.fnUntraced(function* (
      tasks: ReadonlyArray<Task>,
      good: (task: Task) => boolean = isSuccessful
    ) {
      const failures = yield* Effect.forEach(
        tasks.filter(isFailed).slice(0, failuresMaxCount),
        (task) =>
          Effect.map(lastLines(task, fewLastLines), ({ lastLines: lines = [] }) => ({
            id: task.id,
            ...causeOf(task),
            ...(lines.length === 0 ? {} : { lastLines: lines })
          }))
      )
      return {
        outcome: outcomeOf(tasks.length, tasks.filter(good).length),
        counts: countOf(tasks.map(({ state }) => state.status)),
        ...(failures.length === 0 ? {} : { failures })
      }
    })
  )
)
