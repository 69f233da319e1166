/** Decides which events a command causes. No other code makes a transition. */
import * as Result from "effect/Result"
import { type AttemptEnd, failureOf, reportedFailure } from "./AttemptEnd.ts"
import type { Failure } from "./Failure.ts"
import { isAccepted } from "./accepts.ts"
import { changedFields } from "./changedFields.ts"
import { postpone } from "./postpone.ts"
import { retryDelayMs, shouldRetry } from "./RestartPolicy.ts"
import type { Task } from "./Task.ts"
import type { TaskCommand } from "./TaskCommand.ts"
import { earliestStart, limitMs } from "./TaskSpec.ts"
import type { TaskEvent } from "./TaskEvent.ts"
import type { Health, StopIntent, TaskState, TaskStatus } from "./TaskState.ts"

/** The error of a command that the status does not accept. */
export interface IllegalTransition {
  readonly _tag: "IllegalTransition"
  readonly id: string
  readonly from: TaskStatus
  readonly command: TaskCommand["type"]
}

/** A decision: the events in order, or the rejection. */
export type Decision = Result.Result<ReadonlyArray<TaskEvent>, IllegalTransition>

/** Whether the command reports a limit that the attempt has not reached yet. */
const isBelowLimit = (command: TaskCommand, { spec }: Task): boolean =>
  command.type === "Limit" && command.elapsedMs < limitMs(command.failure, spec)

type Live = Extract<TaskState, { readonly status: "running" | "stopping" }>
type Stopping = Extract<TaskState, { readonly status: "stopping" }>

/**
 * Decides `command` at the instant `at`. Fails with IllegalTransition if the status does not accept
 * it, or if it reports a limit that is not reached yet.
 */
export const decide = (command: TaskCommand, task: Task, at: number): Decision => {
  const { state } = task
  if (!isAccepted(state.status, command.type) || isBelowLimit(command, task)) {
    return Result.fail({
      _tag: "IllegalTransition",
      id: task.id,
      from: state.status,
      command: command.type
    })
  }
  return Result.succeed(eventsOf(command, task, at).map((event) => withSpawn(event, state)))
}

/**
 * The task with the time at which its attempt was spawned. The engine knows it before the row has
 * it.
 */
export const withSpawnTime = (task: Task, at: number | null): Task => {
  const { state } = task
  if (
    at === null ||
    (state.status !== "running" && state.status !== "stopping") ||
    state.spawnedAt !== undefined
  )
    return task
  return { ...task, state: { ...state, spawnedAt: at } }
}

/** Adds `spawnedAt` to an event of an attempt, so that the row can be rebuilt from the history. */
const withSpawn = (event: TaskEvent, state: TaskState): TaskEvent => {
  if (!("spawnedAt" in state) || state.spawnedAt === undefined || !isOfAttempt(event)) return event
  return { ...event, spawnedAt: state.spawnedAt }
}

type OtherEvent = Extract<
  TaskEvent,
  {
    readonly type: "task.created" | "task.changed" | "task.queued" | "task.blocked" | "task.started"
  }
>

const otherEvents: ReadonlySet<TaskEvent["type"]> = new Set<OtherEvent["type"]>([
  "task.created",
  "task.changed",
  "task.queued",
  "task.blocked",
  "task.started"
])

const isOfAttempt = (event: TaskEvent): event is Exclude<TaskEvent, OtherEvent> =>
  !otherEvents.has(event.type)

/** The start of an attempt's running time (epoch ms). */
const startOf = (state: Live, fallback: number): number =>
  state.spawnedAt ?? state.startedAt ?? fallback

/** How long an attempt lasted, in milliseconds. */
const lastedMs = (ended: AttemptEnd, state: Live): number =>
  ended.lastedMs ?? ended.endedAt - startOf(state, ended.endedAt)

const eventsOf = (command: TaskCommand, task: Task, at: number): ReadonlyArray<TaskEvent> => {
  const { state, spec } = task
  switch (command.type) {
    case "Release":
      return [queued(state.attempt, state.tries, earliestStart(spec, at))]
    case "Withdraw":
      return command.leftover === true
        ? [stopping({ kind: "withdraw", failure: command.failure }, task, at, null)]
        : [cancelled(null, command.failure, null)]
    case "Open":
      return [
        {
          type: "task.started",
          probed: isProbed(task),
          attempt: state.attempt,
          tries: state.tries + 1
        }
      ]
    case "Stop":
      return stop(command, state, at)
    case "End":
      return end(command, task)
    case "Retry":
      return [queued(state.attempt + 1, state.tries, null)]
    case "EndDelay":
      return state.status === "queued" ? [endedDelay(state)] : []
    case "Restart":
      return restart(command, task, at)
    default:
      return eventsOfRunning(command, task, at)
  }
}

type RunningCommand = Extract<
  TaskCommand,
  { readonly type: "ReportReady" | "ReportUnhealthy" | "Limit" | "Finish" | "Postpone" }
>

/** The events of a command that only a running task accepts. */
const eventsOfRunning = (
  command: RunningCommand,
  task: Task,
  at: number
): ReadonlyArray<TaskEvent> => {
  switch (command.type) {
    case "ReportReady":
      return report({ type: "task.ready" }, "ready", task.state)
    case "ReportUnhealthy":
      return report({ type: "task.unhealthy", output: command.output }, "unhealthy", task.state)
    case "Limit":
      return [stopping({ kind: "fail", failure: command.failure }, task, at, null)]
    case "Finish":
      return [stopping({ kind: "finish" }, task, at, null)]
    case "Postpone":
      return postpone(command, task.state, at)
  }
}

const stop = (
  command: Extract<TaskCommand, { readonly type: "Stop" }>,
  state: TaskState,
  at: number
): ReadonlyArray<TaskEvent> => {
  const { reason, signal, graceMs, leftover = false } = command
  if (state.status === "running" || (state.status !== "stopping" && leftover)) {
    return [
      { type: "task.stopping", intent: { kind: "cancel" }, signal, killAt: at + graceMs, reason }
    ]
  }
  if (state.status === "stopping") {
    const killAt = Math.min(state.killAt, at + graceMs)
    return [
      {
        type: "task.stopping",
        intent: { kind: "cancel" },
        signal,
        killAt,
        reason: reason ?? state.reason
      }
    ]
  }
  return [cancelled(reason, null, state.status === "retrying" ? state.end : null)]
}

const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

/**
 * An event for a changed specification, owner or lineage: rows can be rebuilt from the history only
 * with it.
 */
const changes = (
  { spec, owner, lineage }: Extract<TaskCommand, { readonly type: "Restart" }>,
  task: Task
): ReadonlyArray<TaskEvent> => {
  const changedOwner = {
    ...(owner === undefined || isSame(owner, task.owner) ? {} : { owner }),
    ...(lineage === undefined || isSame(lineage, task.lineage) ? {} : { lineage })
  }
  if (spec === null && Object.keys(changedOwner).length === 0) return []
  return [
    {
      type: "task.changed",
      spec: spec ?? task.spec,
      changed: spec === null ? [] : changedFields(task.spec, spec),
      ...changedOwner
    }
  ]
}

const restart = (
  command: Extract<TaskCommand, { readonly type: "Restart" }>,
  task: Task,
  at: number
): ReadonlyArray<TaskEvent> => {
  const { state } = task
  const changed = changes(command, task)
  if (state.status === "running") {
    return [...changed, stopping({ kind: "restart" }, task, at, command.reason)]
  }
  if (command.blocked === true)
    return [...changed, { type: "task.blocked", attempt: nextAttempt(state), tries: 0 }]
  return [
    ...changed,
    queued(nextAttempt(state), 0, command.spec === null ? null : earliestStart(command.spec, at))
  ]
}

/**
 * The number of the next attempt. An attempt that was cancelled before it started keeps its number.
 */
const nextAttempt = (state: TaskState): number =>
  state.status === "cancelled" && state.startedAt === null ? state.attempt : state.attempt + 1

/** `notBefore` if it lies after `at`; otherwise null. */
const ifLater = (at: number, notBefore: number | null): number | null =>
  notBefore !== null && notBefore > at ? notBefore : null

const end = (
  { end: seen, isLast }: Extract<TaskCommand, { readonly type: "End" }>,
  task: Task
): ReadonlyArray<TaskEvent> => {
  const { state, spec } = task
  if (state.status !== "running" && state.status !== "stopping") return []
  // Only leftover processes were stopped, so no attempt ended now.
  if (state.status === "stopping" && state.ended !== undefined)
    return [withdrawn(state, state.ended)]
  // File times are coarser than the clock, so the end may lie slightly before the start.
  const endedAt =
    seen.lastedMs === undefined
      ? Math.max(seen.endedAt, startOf(state, seen.endedAt))
      : seen.endedAt
  const ended = { ...seen, endedAt }
  if (isLast === true) return endTask(failureOf(ended, spec.successExitCodes), ended)
  if (state.status === "stopping") return endStopped(state, ended, task)
  return endAttempt(failureOf(ended, spec.successExitCodes), ended, task, state)
}

/** The events of the end of a stopped attempt, by the intent of the stop. */
const endStopped = (state: Stopping, ended: AttemptEnd, task: Task): ReadonlyArray<TaskEvent> => {
  const { spec } = task
  switch (state.intent.kind) {
    case "cancel":
    case "withdraw":
      return [withdrawn(state, ended)]
    case "restart": {
      const notBefore = ifLater(ended.endedAt, spec.notBefore)
      return [{ type: "task.queued", attempt: state.attempt + 1, tries: 0, notBefore, end: ended }]
    }
    case "finish":
      return endAttempt(reportedFailure(ended, spec.successExitCodes), ended, task, state)
    case "fail":
      return endByLimit(state.intent.failure, ended, task, state)
  }
}

/** The event of a task that was stopped or withdrawn. */
const withdrawn = ({ intent, reason }: Stopping, ended: AttemptEnd | null): TaskEvent =>
  intent.kind === "withdraw"
    ? cancelled(null, intent.failure, ended)
    : cancelled(reason, null, ended)

/** How much a file time can lag behind the clock: the kernel uses the time of its last tick. */
const fileTimeGrainMs = 20

/**
 * The events of an attempt that a limit stopped. If its recorded end lies before the limit, the
 * attempt ended by itself, and that end counts.
 */
const endByLimit = (
  failure: Failure,
  ended: AttemptEnd,
  task: Task,
  state: Live
): ReadonlyArray<TaskEvent> => {
  const leastMs = limitMs(failure, task.spec)
  if (lastedMs(ended, state) < leastMs - fileTimeGrainMs)
    return endAttempt(failureOf(ended, task.spec.successExitCodes), ended, task, state)
  const endedAt =
    ended.lastedMs === undefined
      ? Math.max(ended.endedAt, startOf(state, ended.endedAt) + leastMs)
      : ended.endedAt
  return endAttempt(failure, { ...ended, endedAt }, task, state)
}

const endAttempt = (
  failure: Failure | null,
  ended: AttemptEnd,
  task: Task,
  state: Live
): ReadonlyArray<TaskEvent> => {
  const policy = task.spec.restart
  const lasted = lastedMs(ended, state) >= policy.resetAfterMs && policy.resetAfterMs > 0
  const tries = lasted ? 1 : state.tries
  if (shouldRetry(policy, failure, tries)) {
    const retryAt = ended.endedAt + retryDelayMs(policy, tries)
    return [{ type: "task.retrying", retryAt, failure, end: ended, tries }]
  }
  return endTask(failure, ended)
}

const endTask = (failure: Failure | null, ended: AttemptEnd): ReadonlyArray<TaskEvent> =>
  failure === null
    ? [{ type: "task.completed", end: ended }]
    : [{ type: "task.failed", failure, end: ended }]

/** No event if the health is unchanged, or if the task has no probe. */
const report = (event: TaskEvent, health: Health, state: TaskState): ReadonlyArray<TaskEvent> =>
  state.status === "running" && state.health !== null && state.health !== health ? [event] : []

const isProbed = (task: Task): boolean =>
  task.spec.readyWhen !== null || task.spec.healthProbe !== null

const queued = (attempt: number, tries: number, notBefore: number | null): TaskEvent => ({
  type: "task.queued",
  attempt,
  tries,
  notBefore
})

/** Keeps `postponed`, so that the number of failed starts is not lost. */
const endedDelay = ({
  attempt,
  tries,
  postponed
}: Extract<TaskState, { readonly status: "queued" }>): TaskEvent => ({
  ...queued(attempt, tries, null),
  ...(postponed === undefined ? {} : { postponed })
})

const stopping = (
  intent: StopIntent,
  task: Task,
  at: number,
  reason: string | null
): TaskEvent => ({
  type: "task.stopping",
  intent,
  signal: task.spec.stopSignal,
  killAt: at + task.spec.gracePeriodMs,
  reason
})

const cancelled = (
  reason: string | null,
  failure: Failure | null,
  ended: AttemptEnd | null
): TaskEvent => ({
  type: "task.cancelled",
  reason,
  failure,
  end: ended
})
