/** Finds and shows tasks, for all handlers. */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { isOperationName } from "@backbeat/contract/names"
import { type Problem, taskNotFound, withTry } from "@backbeat/contract/Problem"
import type { BriefTask, TaskAnswer } from "@backbeat/contract/TaskAnswer"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { type IdKind, IdStore } from "@backbeat/store/IdStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Home } from "../home/Home.ts"
import { makeAsRun } from "../attempt/asRun.ts"
import { makeLastEnd } from "../attempt/lastEnd.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { Supervisor } from "../supervisor/Supervisor.ts"
import { toProblem } from "../call/Call.ts"
import { briefTask, taskAnswer } from "./taskAnswer.ts"

/** The task or pipeline of an id. */
export type Named =
  | { readonly task: Task; readonly pipeline: Pipeline | null }
  | { readonly task: null; readonly pipeline: Pipeline }

/** Finds and shows tasks. */
export class View extends Context.Service<
  View,
  {
    /** Fails with TaskNotFound or StoreError. */
    readonly find: (id: string) => Effect.Effect<Task, Problem>
    /**
     * Finds the task or pipeline of an id; both in an old home, where they did not share ids. Fails
     * with TaskNotFound or StoreError.
     */
    readonly named: (id: string) => Effect.Effect<Named, Problem>
    /** Fails with StoreError. */
    readonly show: (task: Task) => Effect.Effect<TaskAnswer, Problem>
    /** Shows tasks for a list, without their open dependencies. */
    readonly listed: (
      tasks: ReadonlyArray<Task>
    ) => Effect.Effect<ReadonlyArray<TaskAnswer>, Problem>
    readonly briefs: (
      tasks: ReadonlyArray<Task>
    ) => Effect.Effect<ReadonlyArray<BriefTask>, Problem>
    /** The task after the engine has acted on all earlier commits. */
    readonly afterActing: (id: string) => Effect.Effect<Task, Problem>
  }
>()("@backbeat/engine/View") {}

/** How many ids a hint lists. */
export const maxListedIds = 20

/** The problem that an operation requires a task, and the id is a pipeline. */
const isPipeline = ({ id, taskIds }: Pipeline): Problem => {
  const more = taskIds.length > maxListedIds ? " ..." : ""
  const hint = `${id} is a pipeline, not a task. Use the id of one of its tasks: ${taskIds.slice(0, maxListedIds).join(", ")}${more}`
  return withTry({ ...taskNotFound(id), hint }, "pipeline get", { id })
}

/** The problem that an id is that of another kind of thing, which its own operation shows. */
const isAnother = (id: string, kind: IdKind): Problem => {
  const show = `${kind} get`
  const told = { ...taskNotFound(id), hint: `${id} is a ${kind}, not a task.` }
  return isOperationName(show) ? withTry(told, show, { id }) : told
}

/** Views of the store and the monitored attempts. */
export const layerView = Layer.effect(
  View,
  Effect.gen(function* () {
    const { root } = yield* Home
    const store = yield* TaskStore
    const aggregates = yield* AggregateStore
    const monitored = yield* MonitoredAttempts
    const supervisor = yield* Supervisor
    const ids = yield* IdStore
    const asRun = yield* makeAsRun
    const lastEnd = yield* makeLastEnd
    const missing = Effect.fnUntraced(function* (id: string) {
      const kind = yield* Effect.mapError(ids.kindOf(id), toProblem)
      return yield* Effect.fail(kind === null ? taskNotFound(id) : isAnother(id, kind))
    })
    const named = Effect.fnUntraced(function* (id: string) {
      const task = yield* Effect.mapError(store.find(id), toProblem)
      const pipeline = yield* Effect.mapError(aggregates.find(pipelineAggregate, id), toProblem)
      if (task !== null) return { task, pipeline } satisfies Named
      return pipeline === null ? yield* missing(id) : ({ task, pipeline } satisfies Named)
    })
    const find = Effect.fnUntraced(function* (id: string) {
      const task = yield* Effect.mapError(store.find(id), toProblem)
      if (task !== null) return task
      const pipeline = yield* Effect.mapError(aggregates.find(pipelineAggregate, id), toProblem)
      return yield* pipeline === null ? missing(id) : Effect.fail(isPipeline(pipeline))
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
    const ran = (tasks: ReadonlyArray<Task>) => Effect.mapError(asRun(tasks), toProblem)
    return View.of({
      find,
      named,
      show: (task) =>
        Effect.all([asRun([task]), waitsFor(task), lastEnd(task)]).pipe(
          Effect.mapError(toProblem),
          Effect.map(([[shown = task], waits, last]) =>
            taskAnswer(root, shown, monitored.find(task.id), { waitsFor: waits, lastEnd: last })
          )
        ),
      listed: (tasks) =>
        Effect.flatMap(ran(tasks), (all) =>
          Effect.forEach(all, (task) =>
            Effect.map(Effect.mapError(lastEnd(task), toProblem), (last) =>
              taskAnswer(root, task, monitored.find(task.id), { waitsFor: [], lastEnd: last })
            )
          )
        ),
      briefs: (tasks) =>
        Effect.map(ran(tasks), (all) =>
          all.map((task) => briefTask(task, monitored.find(task.id)))
        ),
      afterActing: (id) => Effect.andThen(supervisor.acted([id]), find(id))
    })
  })
)
