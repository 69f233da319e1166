/** Waits for several tasks and pipelines at once. */
import { present, withShortTexts } from "@backbeat/contract/cutTask"
import { type Problem, withChange } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { makeUntilEnded } from "../commit/until.ts"
import { toProblem } from "../call/Call.ts"
import { isSuccessful, makeEnds } from "../view/ends.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { View } from "../view/View.ts"
import { wrongField } from "../call/wrongField.ts"

/** The condition to wait for. */
export type WaitCondition = NonNullable<Input<"wait">["for"]>

/** Waits until a task satisfies a condition. */
export type WaitForTask = (id: string, what: WaitCondition) => Effect.Effect<Task, Problem>

/** A wait for a pipeline only supports its end. */
export const pipelineSupportsOnlyEnd = withChange(
  wrongField("for", "a pipeline supports only end", "Remove for, or wait for one of its tasks."),
  { for: undefined }
)

/** The current task, or pipeline and tasks, of an id of the call. */
interface Part {
  readonly id: string
  readonly pipeline: Pipeline | null
  readonly tasks: ReadonlyArray<Task>
}

/** Each task once: a step may be named beside its pipeline. */
const tasksIn = (parts: ReadonlyArray<Part>): ReadonlyArray<Task> => [
  ...new Map(parts.flatMap(({ tasks }) => tasks.map((task) => [task.id, task] as const))).values()
]

/**
 * The tasks of completed pipelines. One that was cancelled because it was not needed is not a
 * failure.
 */
const tasksOfCompleted = (parts: ReadonlyArray<Part>): ReadonlySet<string> =>
  new Set(
    parts.flatMap(({ pipeline, tasks }) =>
      pipeline?.state.status === "completed" ? tasks.map(({ id }) => id) : []
    )
  )

/** Builds a function that waits for all or any of the ids. */
export const makeAwaitMany = Effect.gen(function* () {
  const view = yield* View
  const pipelines = yield* makePipelineView
  const untilEnded = yield* makeUntilEnded
  const ends = yield* makeEnds

  const partOf = Effect.fnUntraced(function* (id: string) {
    const { task, pipeline } = yield* view.named(id)
    if (task !== null) return { id, pipeline: null, tasks: [task] } satisfies Part
    return { id, pipeline, tasks: yield* pipelines.tasksOf(pipeline) } satisfies Part
  })

  const shownOf = (parts: ReadonlyArray<Part>) =>
    Effect.map(pipelines.briefs(parts.flatMap(({ pipeline }) => pipeline ?? [])), (briefs) =>
      briefs.map(({ id, status, durationMs }) => ({ id, status, ...present({ durationMs }) }))
    )

  return Effect.fnUntraced(function* (
    ids: ReadonlyArray<string>,
    { for: what = "end", mode }: Input<"wait">,
    reached: WaitForTask
  ) {
    const named: ReadonlyArray<Part> = yield* Effect.forEach(ids, partOf)
    if (what !== "end" && named.some(({ pipeline }) => pipeline !== null)) {
      return yield* Effect.fail(pipelineSupportsOnlyEnd)
    }
    const done = new Set<string>()
    const each = named.map(({ id, pipeline }) =>
      Effect.tap(
        pipeline === null
          ? Effect.asVoid(reached(id, what))
          : Effect.asVoid(Effect.mapError(untilEnded(id, pipelines.find(id)), toProblem)),
        () => Effect.sync(() => done.add(id))
      )
    )
    yield* mode === "any"
      ? Effect.raceAllFirst(each)
      : Effect.all(each, { concurrency: "unbounded", discard: true })
    const parts: ReadonlyArray<Part> = yield* Effect.forEach(ids, partOf)
    const reachedParts = parts.filter(({ id }) => done.has(id))
    const accepted = tasksOfCompleted(reachedParts)
    const shown = yield* shownOf(parts)
    return {
      ...(yield* ends(
        tasksIn(reachedParts),
        (task) => isSuccessful(task) || what !== "end" || accepted.has(task.id)
      )),
      tasks: (yield* view.listed(tasksIn(parts))).map(withShortTexts),
      ...(shown.length === 0 ? {} : { pipelines: shown }),
      ...(mode === "any"
        ? { done: reachedParts.map(({ id }) => id), pending: ids.filter((id) => !done.has(id)) }
        : {})
    }
  })
})
