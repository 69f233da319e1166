/** What all handlers share: finding a task and showing it. */
import { callText } from "@backbeat/contract/callText"
import { commandInputError, type Problem, taskNotFound } from "@backbeat/contract/Problem"
import type { BriefTask, TaskAnswer } from "@backbeat/contract/TaskAnswer"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import { taskMaxCount } from "@backbeat/core/pipeline/PipelineId"
import type { Task } from "@backbeat/core/task/Task"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Home } from "../home/Home.ts"
import { LiveAttempts } from "../task/LiveAttempts.ts"
import { Supervisor } from "../task/Supervisor.ts"
import { toProblem } from "./Call.ts"
import { briefTask, taskAnswer } from "./taskAnswer.ts"

/** Finds and shows tasks. */
export class View extends Context.Service<
  View,
  {
    /** Fails with TaskNotFound or StoreError. */
    readonly find: (id: string) => Effect.Effect<Task, Problem>
    /** Fails with StoreError. */
    readonly show: (task: Task) => Effect.Effect<TaskAnswer, Problem>
    readonly brief: (task: Task) => BriefTask
    /** The task as it is when everything that was committed so far has been acted on. */
    readonly settled: (id: string) => Effect.Effect<Task, Problem>
  }
>()("@backbeat/engine/View") {}

const unfinished = ["failed", "cancelled"] as const

/** So many ids stand in a hint; of more it says how they are found, or where to begin. */
export const namedAtMost = 20

/** How what did not complete of a pipeline that has ended is done again: restart goes in the order of what its tasks depend on. */
const onceMore = (id: string, ids: ReadonlyArray<string>): string => {
  const hint = "run again what did not complete, each task behind what it depends on, with:"
  if (ids.length <= namedAtMost) return `${hint} ${callText("restart", ids)}`
  const found = callText("list", { pipelineId: id, status: unfinished, limit: 500 })
  return `${hint} backbeat restart, and an array of their ids, which are told by: ${found}`
}

/** `rest` are the ids of its tasks that failed or were cancelled. */
const isPipeline = ({ id, state: { status } }: Pipeline, rest: ReadonlyArray<string>): Problem => {
  const its = `Look at its tasks with: backbeat pipeline get ${id}`
  const runs = [`${id} is a pipeline, not a task. ${its}`, `wait for it with: ${callText("wait", { pipelineId: id })}`, `stop it with: backbeat pipeline cancel ${id}.`]
  const ended = [`${id} is a pipeline, not a task, and has ended (${status}). ${its}`, ...(rest.length === 0 || status === "completed" ? [] : [onceMore(id, rest)])]
  return { ...taskNotFound(id), hint: (status === "running" ? runs : ended).join("; ") }
}

/** Views on the store and the live attempts. */
export const layerView = Layer.effect(
  View,
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const pipelines = yield* PipelineStore
    const lives = yield* LiveAttempts
    const supervisor = yield* Supervisor
    const find = Effect.fnUntraced(function* (id: string) {
      const task = yield* Effect.mapError(store.find(id), toProblem(id))
      if (task !== null) return task
      const pipeline = yield* Effect.mapError(pipelines.find(id), toProblem(id))
      if (pipeline === null) return yield* Effect.fail(taskNotFound(id))
      const { tasks } = yield* Effect.mapError(store.list({ pipelineId: id, status: unfinished }, { limit: taskMaxCount }), toProblem(id))
      const rest = new Set(tasks.map((each) => each.id))
      return yield* Effect.fail(isPipeline(pipeline, pipeline.taskIds.filter((each) => rest.has(each))))
    })
    const waitsFor = Effect.fnUntraced(function* (task: Task) {
      if (task.state.status !== "blocked") return []
      const waits = yield* store.waitsOf(task.id)
      const { tasks } = yield* store.list({ ids: waits.map((each) => each.task) }, { limit: 100 })
      const statuses = new Map(tasks.map(({ id, state }) => [id, state.status]))
      return waits.flatMap((each) => {
        const status = statuses.get(each.task)
        return status === undefined ? [] : [{ ...each, status }]
      })
    })
    return View.of({
      find,
      show: (task) =>
        waitsFor(task).pipe(
          Effect.mapError(toProblem(task.id)),
          Effect.map((waits) => taskAnswer(root, task, lives.find(task.id), waits))
        ),
      brief: (task) => briefTask(task, lives.find(task.id)),
      settled: (id) => Effect.andThen(supervisor.acted, find(id))
    })
  })
)

/** An answer that a field is wrong. */
export const wrongField = (path: string, message: string, hint: string): Problem =>
  commandInputError(`${path}: ${message}`, hint, { path })

/** Whether a text can be the `next` of a page. */
export const isCursor = (text: string): boolean => /^\d{1,15}$/u.test(text)
