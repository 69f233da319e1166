/** Explains the status of a task by its history, in the words of docs/vocabulary.md. */
import type { Output } from "@backbeat/contract/table"
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import type { Actor } from "@backbeat/core/history/Actor"
import { describeFailure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import { actorName } from "../call/actorName.ts"
import { iso } from "./taskAnswer.ts"

type Reason = Output<"why">["because"][number]
type Event<Type> = Extract<TaskEvent, { readonly type: Type }>

const withReason = (sentence: string, reason: string | null): string =>
  reason === null ? sentence : `${sentence}: ${reason}`

const sayStopping = (
  { intent, reason }: Event<"task.stopping">,
  actor: Actor,
  isStopping: boolean
): string => {
  switch (intent.kind) {
    case "fail":
    case "withdraw":
      return `it ${isStopping ? "is being" : "was"} stopped because it ${describeFailure(intent.failure)}`
    case "finish":
      return "its agent reported its result, but its process did not exit"
    case "restart":
      return withReason(`a restart was requested by ${actorName(actor)}`, reason)
    case "cancel":
      return withReason(`a stop was requested by ${actorName(actor)}`, reason)
  }
}

/**
 * A cancellation with a failure comes from a dependency; without one, somebody stopped the task.
 */
const sayCancelled = ({ end, failure, reason }: Event<"task.cancelled">, actor: Actor): string =>
  failure === null
    ? withReason(
        `it was stopped by ${actorName(actor)}${end === null ? " before it started" : ""}`,
        reason
      )
    : `it ${describeFailure(failure)}`

/** One clause that explains an event; null for an event that explains nothing. */
const say = ({ event, actor }: RecordedEvent, isStopping: boolean): string | null => {
  switch (event.type) {
    case "task.stopping":
      return sayStopping(event, actor, isStopping)
    case "task.retrying":
      return event.failure === null
        ? "the attempt ended, and the restart policy starts another"
        : `the attempt ${describeFailure(event.failure)}`
    case "task.failed":
      return `it ${describeFailure(event.failure)}`
    case "task.cancelled":
      return sayCancelled(event, actor)
    case "task.completed":
      return event.end.outcome.kind === "exited"
        ? "it exited with a success code"
        : "its agent reported success"
    case "task.started":
      return `attempt ${event.attempt} was started`
    case "task.unhealthy":
      return `its health probe failed: ${event.output}`
    default:
      return null
  }
}

/**
 * The engine cancels a stopped task when its processes are gone. The actor is then the one who
 * asked for the stop.
 */
const attributed = (
  history: ReadonlyArray<RecordedEvent>,
  { state }: Task
): ReadonlyArray<RecordedEvent> => {
  const last = history.at(-1)
  return state.status === "cancelled" && last?.event.type === "task.cancelled"
    ? [...history.slice(0, -1), { ...last, actor: state.by }]
    : history
}

/**
 * The latest events that explain the status, the deciding one first. Equal explanations in a row
 * are shown once.
 */
export const reasons = (history: ReadonlyArray<RecordedEvent>, task: Task): ReadonlyArray<Reason> =>
  attributed(history, task)
    .map((recorded): Reason | null => {
      const what = say(recorded, task.state.status === "stopping")
      return what === null ? null : { what, since: iso(recorded.at), actor: recorded.actor }
    })
    .filter((each) => each !== null)
    .filter((each, index, all) => each.what !== all[index + 1]?.what)
    .toReversed()
    .slice(0, 5)
