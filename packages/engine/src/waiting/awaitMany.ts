/** Waits for several at once: tasks, and pipelines with all of their tasks. */
import { present, withShortTexts } from "@backbeat/contract/cutTask"
import { type Problem, withChange } from "@backbeat/contract/Problem"
import type { Input } from "@backbeat/contract/table"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import * as Effect from "effect/Effect"
import { makeUntilEnded } from "../commit/until.ts"
import { toProblem } from "../call/Call.ts"
import { isGood, makeEnds } from "../view/ends.ts"
import { makePipelineView } from "../view/PipelineView.ts"
import { View } from "../view/View.ts"
import { wrongField } from "../call/wrongField.ts"

/** What is waited for of a task. */
export type What = NonNullable<Input<"wait">["for"]>

/** Waits until a task has come to something. */
export type Reach = (id: string, what: What) => Effect.Effect<Task, Problem>

/** Of a pipeline nothing but its end can be waited for. */
export const onlyItsEnd = withChange(
  wrongField("for", "a pipeline supports only end", "Remove for, or wait for one of its tasks."),
  { for: undefined }
)

/** What an id of the call stands for now. */
interface Part {
  readonly id: string
  readonly pipeline: Pipeline | null
  readonly tasks: ReadonlyArray<Task>
}

/** A step may be named beside its pipeline. */
const tasksIn = (parts: ReadonlyArray<Part>): ReadonlyArray<Task> => [
  ...new Map(parts.flatMap(({ tasks }) => tasks.map((task) => [task.id, task] as const))).values()
]

/** What was withdrawn because it was not needed is missed by nobody. */
const unmissed = (parts: ReadonlyArray<Part>): ReadonlySet<string> =>
  new Set(
    parts.flatMap(({ pipeline, tasks }) =>
      pipeline?.state.status === "completed" ? tasks.map(({ id }) => id) : []
    )
  )

/** Waits for what the ids stand for, for all of it or for any; made once. */
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
    reached: Reach
  ) {
    const named: ReadonlyArray<Part> = yield* Effect.forEach(ids, partOf)
    if (what !== "end" && named.some(({ pipeline }) => pipeline !== null)) {
      return yield* Effect.fail(onlyItsEnd)
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
    const come = parts.filter(({ id }) => done.has(id))
    const spared = unmissed(come)
    const shown = yield* shownOf(parts)
    return {
      ...(yield* ends(
        tasksIn(come),
        (task) => isGood(task) || what !== "end" || spared.has(task.id)
      )),
      tasks: (yield* view.listed(tasksIn(parts))).map(withShortTexts),
      ...(shown.length === 0 ? {} : { pipelines: shown }),
      ...(mode === "any"
        ? { done: come.map(({ id }) => id), pending: ids.filter((id) => !done.has(id)) }
        : {})
    }
  })
})
