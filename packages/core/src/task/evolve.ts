/** Applies an event to a task. Total: every event that `decide` returns can be applied. */
import type { Occasion } from "../history/Occasion.ts"
import type { Postponement } from "./Postponement.ts"
import type { Task } from "./Task.ts"
import type { TaskEvent } from "./TaskEvent.ts"
import type { AttemptEnd } from "./AttemptEnd.ts"
import { earliestStart } from "./TaskSpec.ts"
import { endOf, type TaskState } from "./TaskState.ts"

/** The task that `task.created` creates. */
export const created = (
  id: string,
  event: Extract<TaskEvent, { readonly type: "task.created" }>,
  at: number
): Task => ({
  id,
  spec: event.spec,
  owner: event.owner,
  lineage: event.lineage,
  createdAt: at,
  restartCount: 0,
  state: event.blocked
    ? { status: "blocked", since: at, attempt: 1, tries: 0 }
    : {
        status: "queued",
        since: at,
        notBefore: earliestStart(event.spec, at),
        attempt: 1,
        tries: 0
      }
})

/** The task after the event. */
export const evolve = (task: Task, event: TaskEvent, occasion: Occasion): Task => {
  switch (event.type) {
    case "task.created":
      return created(task.id, event, occasion.at)
    case "task.changed":
      return {
        ...task,
        spec: event.spec,
        owner: event.owner ?? task.owner,
        lineage: event.lineage ?? task.lineage
      }
    case "task.started":
      return {
        ...task,
        restartCount: event.attempt - 1,
        state: started(event, occasion.at, task.state)
      }
    case "task.ready":
    case "task.unhealthy":
      return task.state.status === "running"
        ? {
            ...task,
            state: {
              ...task.state,
              ...spawnOf(task.state, event),
              health: event.type === "task.ready" ? "ready" : "unhealthy"
            }
          }
        : task
    case "task.blocked":
      return {
        ...task,
        state: { status: "blocked", since: occasion.at, attempt: event.attempt, tries: event.tries }
      }
    case "task.queued":
      return {
        ...task,
        state: {
          status: "queued",
          since: occasion.at,
          notBefore: event.notBefore,
          ...postponedOf(event.postponed),
          attempt: event.attempt,
          tries: event.tries
        }
      }
    default:
      return { ...task, state: leave(task.state, event, occasion) }
  }
}

const postponedOf = (postponed: Postponement | undefined): { readonly postponed?: Postponement } =>
  postponed === undefined ? {} : { postponed }

const started = (
  event: Extract<TaskEvent, { readonly type: "task.started" }>,
  at: number,
  before: TaskState
): TaskState => ({
  status: "running",
  startedAt: at,
  health: event.probed ? "starting" : null,
  ...postponedOf(before.status === "queued" ? before.postponed : undefined),
  attempt: event.attempt,
  tries: event.tries
})

type Leaving = Extract<
  TaskEvent,
  {
    readonly type:
      | "task.stopping"
      | "task.retrying"
      | "task.completed"
      | "task.failed"
      | "task.cancelled"
  }
>

/** When the attempt was spawned, as soon as it is known. */
const spawnOf = (state: TaskState, event: TaskEvent): { readonly spawnedAt?: number } => {
  const known =
    "spawnedAt" in event ? event.spawnedAt : "spawnedAt" in state ? state.spawnedAt : undefined
  return known === undefined ? {} : { spawnedAt: known }
}

const leave = (state: TaskState, event: Leaving, { at, actor }: Occasion): TaskState => {
  const attempt = { attempt: state.attempt, tries: state.tries, ...spawnOf(state, event) }
  const startedAt = "startedAt" in state ? state.startedAt : null
  switch (event.type) {
    case "task.stopping":
      return {
        status: "stopping",
        startedAt,
        ...leftoverOf(state),
        since: state.status === "stopping" ? state.since : at,
        killAt: event.killAt,
        signal: event.signal,
        intent: event.intent,
        by: actor,
        reason: event.reason,
        ...attempt
      }
    case "task.retrying":
      return {
        status: "retrying",
        startedAt: startedAt ?? at,
        retryAt: event.retryAt,
        failure: event.failure,
        end: event.end,
        ...attempt,
        tries: event.tries
      }
    case "task.completed":
      return { status: "completed", startedAt: startedAt ?? at, end: event.end, ...attempt }
    case "task.failed":
      return { status: "failed", startedAt, failure: event.failure, end: event.end, ...attempt }
    case "task.cancelled":
      return {
        status: "cancelled",
        startedAt,
        ...cancellation(state, event, { at, actor }),
        ...attempt
      }
  }
}

/** `ended` of a task that is stopped while no attempt runs. */
const leftoverOf = (state: TaskState): { readonly ended?: AttemptEnd | null } => {
  if (state.status === "stopping") return state.ended === undefined ? {} : { ended: state.ended }
  if (state.status === "retrying") return { ended: state.end }
  return state.status === "running" ? {} : { ended: null }
}

/**
 * The end of a cancelled task. A task that waits for its retry ends at the stop; a running one ends
 * with its process, and the cause is the caller who stopped it.
 */
const cancellation = (
  state: TaskState,
  { end, failure, reason }: Extract<TaskEvent, { readonly type: "task.cancelled" }>,
  { at, actor }: Occasion
) => ({
  endedAt: end !== null && endOf(state) === null ? end.endedAt : at,
  end,
  failure,
  by: state.status === "stopping" ? state.by : actor,
  reason
})
