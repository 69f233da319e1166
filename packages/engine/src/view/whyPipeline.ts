/** Explains the status of a pipeline by its running, failed and cancelled tasks. */
import { callOf, sentence, type Text } from "@backbeat/contract/Text"
import type { Output } from "@backbeat/contract/table"
import { describeFailure } from "@backbeat/core/task/Failure"
import type { Pipeline } from "@backbeat/core/pipeline/Pipeline"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { actorName } from "../call/actorName.ts"
import { makePipelineView } from "./PipelineView.ts"
import { iso } from "./taskAnswer.ts"
import { sinceOf } from "./whyBlocked.ts"

interface Explanation extends Omit<Output<"why">, "next"> {
  readonly next: Text | null
}
type Reason = Explanation["because"][number]

/** How many tasks are listed; of further ones only the number. */
const maxTasks = 10

const describeTask = (task: Task): Reason => {
  const { id, state } = task
  const failure = "failure" in state ? state.failure : null
  return {
    what: failure === null ? `${id} is ${state.status}` : `${id} ${describeFailure(failure)}`,
    since: sinceOf(task)
  }
}

const some = (tasks: ReadonlyArray<Task>, since: string): ReadonlyArray<Reason> => {
  const more = tasks.length - maxTasks
  return [
    ...tasks.slice(0, maxTasks).map(describeTask),
    ...(more > 0 ? [{ what: `${more} more are not listed`, since }] : [])
  ]
}

const cancellation = ({ state, createdAt }: Pipeline): ReadonlyArray<Reason> => {
  const request =
    state.status === "cancelled" ? state : state.status === "running" ? state.cancelling : null
  if (request === null) return []
  const since = iso(state.status === "cancelled" ? state.endedAt : createdAt)
  const reason = request.reason === null ? "" : `: ${request.reason}`
  return [
    {
      what: `its stop was requested by ${actorName(request.by)}${reason}`,
      since,
      actor: request.by
    }
  ]
}

const explain = (pipeline: Pipeline, tasks: ReadonlyArray<Task>): Explanation => {
  const { id, state, createdAt } = pipeline
  const since = iso(state.restartedAt ?? createdAt)
  const done = tasks.filter((task) => task.state.status === "completed").length
  const counted = {
    what: `${done} of ${tasks.length} tasks completed`,
    since: state.status === "running" ? since : iso(state.endedAt)
  }
  const failed = tasks.filter((task) => task.state.status === "failed")
  const cancelled = tasks.filter((task) => task.state.status === "cancelled")
  if (state.status === "running") {
    const live = tasks.filter((task) => !isFinal(task.state.status))
    const because = [
      ...cancellation(pipeline),
      ...some(live, since),
      ...some(failed, since),
      counted
    ]
    return {
      status: "running",
      because,
      next: sentence`It ends when its last task ends: ${callOf("why", { id: live[0]?.id ?? id })}`
    }
  }
  const because = [
    ...cancellation(pipeline),
    ...some(failed, since),
    ...some(cancelled, since),
    counted
  ]
  return {
    status: state.status,
    because,
    next:
      state.status === "completed"
        ? null
        : sentence`Use ${callOf("restart")} to run the tasks again that did not complete.`
  }
}

/** Builds the explanation of pipelines. */
export const makeWhyPipeline = Effect.map(
  makePipelineView,
  ({ tasksOf }) =>
    (pipeline: Pipeline) =>
      Effect.map(tasksOf(pipeline), (tasks) => explain(pipeline, tasks))
)
