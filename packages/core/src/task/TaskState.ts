/** The states of a task. Each carries only its own facts. Instants are epoch milliseconds. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { Actor } from "./Actor.ts"
import { AttemptEnd } from "./AttemptEnd.ts"
import { Failure } from "./Failure.ts"
import { Postponement } from "./Postponement.ts"
import { StopSignal } from "./TaskSpec.ts"

/** What follows when everything of a stopping attempt is gone. */
export const StopIntent = Schema.Union([
  Schema.Struct({ kind: Schema.tag("cancel") }),
  Schema.Struct({ kind: Schema.tag("restart") }),
  /** What the agent has told decides, not how its process ends. */
  Schema.Struct({ kind: Schema.tag("finish") }),
  Schema.Struct({ kind: Schema.tag("fail"), failure: Failure }),
  Schema.Struct({ kind: Schema.tag("withdraw"), failure: Failure })
])
export type StopIntent = typeof StopIntent.Type

/** The health of a task that has a probe. */
export const Health = Schema.Literals(["starting", "ready", "unhealthy"])
export type Health = typeof Health.Type

/** The attempt that is meant: the first is 1; `tries` counts those in a row that the restart policy has allowed. */
const attempt = { attempt: Schema.Int, tries: Schema.Int }

/** Waits for the tasks that it depends on. */
export const Blocked = Schema.Struct({
  status: Schema.tag("blocked"),
  since: Instant,
  ...attempt
})
/** May run; `attempt` is the one to come. `postponed` when the system refused to start it; a running one remembers that until it has ended. */
export const Queued = Schema.Struct({
  status: Schema.tag("queued"),
  since: Instant,
  notBefore: Schema.NullOr(Instant),
  postponed: Schema.optionalKey(Postponement),
  ...attempt
})
/**
 * `startedAt` is the commit that opened the attempt. `spawnedAt` is when the spawn of its shim returned: the attempt's time counts from there.
 * It is absent until the first commit after the spawn, in rows of before, and for an attempt that was never spawned.
 */
const spawn = { spawnedAt: Schema.optionalKey(Instant) }

/** Its attempt's process group is alive, or is being started this moment. */
export const Running = Schema.Struct({
  status: Schema.tag("running"),
  ...spawn,
  startedAt: Instant,
  health: Schema.NullOr(Health),
  postponed: Schema.optionalKey(Postponement),
  ...attempt
})
/**
 * A stop was asked for and not all processes are gone; `killAt` is when SIGKILL follows. `ended` is there when no attempt runs and
 * leftover processes of an earlier one are stopped: how the attempt has ended, null for an attempt that was never opened.
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
/** The attempt ended and the restart policy opens another at `retryAt`. */
export const Retrying = Schema.Struct({
  status: Schema.tag("retrying"),
  ...spawn,
  startedAt: Instant,
  retryAt: Instant,
  failure: Schema.NullOr(Failure),
  end: AttemptEnd,
  ...attempt
})
/** Ended as it should. */
export const Completed = Schema.Struct({
  status: Schema.tag("completed"),
  ...spawn,
  startedAt: Instant,
  end: AttemptEnd,
  ...attempt
})
/** Ended otherwise. */
export const Failed = Schema.Struct({
  status: Schema.tag("failed"),
  ...spawn,
  startedAt: Schema.NullOr(Instant),
  failure: Failure,
  end: AttemptEnd,
  ...attempt
})
/** Withdrawn; nothing of it runs. */
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

/** What a task is now. */
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

/** Every status, in the order of a life. */
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

/** Whether no later event but a restart can change it. */
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

/** When a final state began (epoch ms); null for the others. */
export const endedAt = (state: TaskState): number | null => {
  if (state.status === "cancelled") return state.endedAt
  return state.status === "completed" || state.status === "failed" ? state.end.endedAt : null
}

/** When something is to become of the task by itself (epoch ms); null where nothing is. */
export const dueAt = (state: TaskState): number | null => {
  if (state.status === "queued") return state.notBefore
  return state.status === "retrying" ? state.retryAt : null
}

/** Whether the attempt of the state was ever opened. */
export const hasBegun = (state: TaskState): boolean =>
  "startedAt" in state && state.startedAt !== null

/**
 * When the attempt's time began (epoch ms); null when it has not, or when that is not known yet. What an engine of before has stored
 * began with the commit that opened it.
 */
export const spawnedAt = (state: TaskState): number | null => {
  if (!("startedAt" in state)) return null
  if (state.spawnedAt !== undefined) return state.spawnedAt
  const isKnown = "end" in state && state.end !== null && state.end.outcome.kind !== "notSpawned"
  return isKnown ? state.startedAt : null
}

/** The last attempt that was opened, 0 when none was: what is still awaited, or was withdrawn before it began, is none. */
export const lastAttempt = (state: TaskState): number =>
  hasBegun(state) ? state.attempt : state.attempt - 1

/** How the state's attempt has ended; null when it has not, or never began. */
export const endOf = (state: TaskState): AttemptEnd | null => {
  if (state.status === "stopping") return state.ended ?? null
  return "end" in state ? state.end : null
}

/** The last attempt that has ended, 0 when none has: one that is awaited or runs has not, one that was withdrawn never began. */
export const lastEnded = (state: TaskState): number =>
  endOf(state) === null ? state.attempt - 1 : state.attempt

/** Whether the task takes a slot of its queue: a stop of leftover processes alone takes none. */
export const holdsSlot = (state: TaskState): boolean =>
  state.status === "running" || (state.status === "stopping" && state.ended === undefined)
