/** The states of a task. Each has only its own fields. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { Actor } from "../history/Actor.ts"
import { AttemptEnd } from "./AttemptEnd.ts"
import { Failure } from "./Failure.ts"
import { Postponement } from "./Postponement.ts"
import { StopSignal } from "./TaskSpec.ts"

/** What follows when no process of a stopping attempt is left. */
export const StopIntent = Schema.Union([
  Schema.Struct({ kind: Schema.tag("cancel") }),
  Schema.Struct({ kind: Schema.tag("restart") }),
  /** The result that the agent reported counts, not the exit of its process. */
  Schema.Struct({ kind: Schema.tag("finish") }),
  Schema.Struct({ kind: Schema.tag("fail"), failure: Failure }),
  Schema.Struct({ kind: Schema.tag("withdraw"), failure: Failure })
])
export type StopIntent = typeof StopIntent.Type

/** The health of a task that has a probe. */
export const Health = Schema.Literals(["starting", "ready", "unhealthy"])
export type Health = typeof Health.Type

/**
 * The number of the attempt; the first is 1. `tries` counts attempts in a row under the restart
 * policy.
 */
const attempt = { attempt: Schema.Int, tries: Schema.Int }

/** Waits for the tasks that it depends on. */
export const Blocked = Schema.Struct({
  status: Schema.tag("blocked"),
  since: Instant,
  ...attempt
})
/**
 * Waits for a slot or for a time. `attempt` is the next one. `postponed` is set after the system
 * could not start it; a running task keeps it until its end.
 */
export const Queued = Schema.Struct({
  status: Schema.tag("queued"),
  since: Instant,
  notBefore: Schema.NullOr(Instant),
  postponed: Schema.optionalKey(Postponement),
  ...attempt
})
/**
 * `startedAt` is when the start of the attempt was committed. `spawnedAt` is when the spawn of its
 * shim returned; its running time counts from there. It is absent until the first commit after the
 * spawn, in rows of earlier versions, and if the attempt was never spawned.
 */
const spawn = { spawnedAt: Schema.optionalKey(Instant) }

/** Its attempt's process group is alive, or is being started. */
export const Running = Schema.Struct({
  status: Schema.tag("running"),
  ...spawn,
  startedAt: Instant,
  health: Schema.NullOr(Health),
  postponed: Schema.optionalKey(Postponement),
  ...attempt
})
/**
 * A stop was requested, and some processes are still alive. SIGKILL follows at `killAt`. `ended` is
 * present if no attempt runs and only leftover processes of an earlier one are stopped: it is the
 * end of that attempt, null if none was ever started.
 */
export const Stopping = Schema.Struct({
  status: Schema.tag("stopping"),
  ...spawn,
  startedAt: Schema.NullOr(Instant),
  ended: Schema.optionalKey(Schema.NullOr(AttemptEnd)),
  since: Instant,
  killAt: Instant,
  signal: StopSignal,
  intent: StopIntent,
  by: Actor,
  reason: Schema.NullOr(Schema.String),
  ...attempt
})
/** The attempt ended, and the restart policy starts another at `retryAt`. */
export const Retrying = Schema.Struct({
  status: Schema.tag("retrying"),
  ...spawn,
  startedAt: Instant,
  retryAt: Instant,
  failure: Schema.NullOr(Failure),
  end: AttemptEnd,
  ...attempt
})
/** Ended with success. */
export const Completed = Schema.Struct({
  status: Schema.tag("completed"),
  ...spawn,
  startedAt: Instant,
  end: AttemptEnd,
  ...attempt
})
/** Ended in another way; `failure` says how. */
export const Failed = Schema.Struct({
  status: Schema.tag("failed"),
  ...spawn,
  startedAt: Schema.NullOr(Instant),
  failure: Failure,
  end: AttemptEnd,
  ...attempt
})
/** A caller stopped it, or a dependency cannot be satisfied. None of its processes is alive. */
export const Cancelled = Schema.Struct({
  status: Schema.tag("cancelled"),
  ...spawn,
  startedAt: Schema.NullOr(Instant),
  endedAt: Instant,
  end: Schema.NullOr(AttemptEnd),
  failure: Schema.NullOr(Failure),
  by: Actor,
  reason: Schema.NullOr(Schema.String),
  ...attempt
})

/** The state of a task. */
export const TaskState = Schema.Union([
  Blocked,
  Queued,
  Running,
  Stopping,
  Retrying,
  Completed,
  Failed,
  Cancelled
])
export type TaskState = typeof TaskState.Type

/** Every status, in the order of the lifecycle. */
export const statuses = [
  "blocked",
  "queued",
  "running",
  "stopping",
  "retrying",
  "completed",
  "failed",
  "cancelled"
] as const

/** The name of a state. */
export const TaskStatus = Schema.Literals(statuses)
export type TaskStatus = typeof TaskStatus.Type

/** Whether only a restart leaves the status. */
export const isFinal = (status: TaskStatus): boolean =>
  status === "completed" || status === "failed" || status === "cancelled"

/** No task in any status. */
export const noCounts: Readonly<Record<TaskStatus, number>> = {
  blocked: 0,
  queued: 0,
  running: 0,
  stopping: 0,
  retrying: 0,
  completed: 0,
  failed: 0,
  cancelled: 0
}

/** When a final task ended (epoch ms); null for other states. */
export const endedAt = (state: TaskState): number | null => {
  if (state.status === "cancelled") return state.endedAt
  return state.status === "completed" || state.status === "failed" ? state.end.endedAt : null
}

/** When the task next has to act (epoch ms); null if it does not wait for a time. */
export const dueAt = (state: TaskState): number | null => {
  if (state.status === "queued") return state.notBefore
  return state.status === "retrying" ? state.retryAt : null
}

/** Whether the attempt of the state was ever started. */
export const wasStarted = (state: TaskState): boolean =>
  "startedAt" in state && state.startedAt !== null

/**
 * When the attempt was spawned (epoch ms); null if it was not, or if that is not known yet. Rows of
 * earlier versions count from the commit that started it.
 */
export const spawnedAt = (state: TaskState): number | null => {
  if (!("startedAt" in state)) return null
  if (state.spawnedAt !== undefined) return state.spawnedAt
  const isKnown = "end" in state && state.end !== null && state.end.outcome.kind !== "notSpawned"
  return isKnown ? state.startedAt : null
}

/** The last attempt that was started, 0 if none was. */
export const lastAttempt = (state: TaskState): number =>
  wasStarted(state) ? state.attempt : state.attempt - 1

/** The end of the state's attempt; null if it has not ended or was never started. */
export const endOf = (state: TaskState): AttemptEnd | null => {
  if (state.status === "stopping") return state.ended ?? null
  return "end" in state ? state.end : null
}

/** The last attempt that has ended, 0 if none has. */
export const lastEnded = (state: TaskState): number =>
  endOf(state) === null ? state.attempt - 1 : state.attempt

/**
 * Whether the task takes a slot of its queue. A stop that only ends leftover processes takes none.
 */
export const holdsSlot = (state: TaskState): boolean =>
  state.status === "running" || (state.status === "stopping" && state.ended === undefined)
