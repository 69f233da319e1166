/** What a task is asked to be: everything that an attempt needs but the environment, which is kept outside of the store. */
import * as Schema from "effect/Schema"
import { Instant } from "../history/Instant.ts"
import { AgentWork } from "./AgentWork.ts"
import { Dependency } from "./Dependency.ts"
import { Notify } from "./Notify.ts"
import type { Failure } from "./Failure.ts"
import { HealthProbe, Probe, probeTiming } from "./Probe.ts"
import { RestartPolicy } from "./RestartPolicy.ts"

/** P0 is the most urgent. */
export const Priority = Schema.Literals(["P0", "P1", "P2"])

/** What runs: an argument vector without a shell, a script for /bin/sh, or a prompt for an agent. */
export const Work = Schema.Union([
  Schema.Struct({
    kind: Schema.tag("command"),
    command: Schema.String,
    args: Schema.Array(Schema.String)
  }),
  Schema.Struct({ kind: Schema.tag("script"), script: Schema.String }),
  AgentWork
])
export type Work = typeof Work.Type

/** Where an attempt's standard input comes from. */
export const Stdin = Schema.Union([
  Schema.Struct({ kind: Schema.tag("null") }),
  Schema.Struct({ kind: Schema.tag("open") }),
  Schema.Struct({ kind: Schema.tag("text"), text: Schema.String }),
  Schema.Struct({ kind: Schema.tag("file"), path: Schema.String })
])
export type Stdin = typeof Stdin.Type

/** The signals that a stop can begin with. */
export const StopSignal = Schema.Literals([
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2"
])
export type StopSignal = typeof StopSignal.Type

/** In what the process of a task differs from the engine's: its nice value, and soft limits by their names in proc_pid_limits(5), in the units there. */
export const ProcessLimits = Schema.Struct({
  nice: Schema.optionalKey(Schema.Int),
  soft: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
export type ProcessLimits = typeof ProcessLimits.Type

/** The decoded specification of a task, defaults filled in. Times in milliseconds, null = no limit. */
export const TaskSpec = Schema.Struct({
  name: Schema.NullOr(Schema.String),
  work: Work,
  cwd: Schema.String,
  envKeys: Schema.Array(Schema.String),
  forgetEnv: Schema.Boolean,
  stdin: Stdin,
  tags: Schema.Array(Schema.String),
  priority: Priority,
  queue: Schema.String,
  dependsOn: Schema.Array(Dependency),
  notBefore: Schema.NullOr(Instant),
  /** From the moment at which its dependencies hold. */
  delayMs: Schema.NullOr(Schema.Int),
  timeout: Schema.NullOr(Schema.Int),
  /** Who set the timeout, where it was not the caller. */
  timeoutFrom: Schema.optionalKey(Schema.String),
  stallTimeoutMs: Schema.NullOr(Schema.Int),
  stopSignal: StopSignal,
  gracePeriodMs: Schema.Int,
  successExitCodes: Schema.Array(Schema.Int),
  restart: RestartPolicy,
  readyWhen: Schema.NullOr(Probe),
  healthProbe: Schema.NullOr(HealthProbe),
  maxOutputBytes: Schema.Int,
  /** Who set that, where it was not the caller. */
  maxOutputBytesFrom: Schema.optionalKey(Schema.String),
  notify: Schema.NullOr(Notify),
  umask: Schema.Int,
  /** The caller's limits and priority, where the engine had others. */
  processLimits: Schema.optionalKey(ProcessLimits)
})
export type TaskSpec = typeof TaskSpec.Type

/** The instant before which a task must not start whose dependencies hold since `at`, or null. All epoch milliseconds. */
export const earliestStart = ({ notBefore, delayMs }: TaskSpec, at: number): number | null => {
  const delayed = delayMs === null ? null : at + delayMs
  return notBefore === null || delayed === null
    ? (notBefore ?? delayed)
    : Math.max(notBefore, delayed)
}

/**
 * Who owns a task: the session that asked for it, and the task inside of which it was asked for. `requestId` names the
 * call, so that a call which is sent again after a broken connection finds what it has made.
 */
export const Owner = Schema.Struct({
  sessionId: Schema.NullOr(Schema.String),
  taskId: Schema.NullOr(Schema.String),
  depth: Schema.Int,
  requestId: Schema.optionalKey(Schema.String),
  /** The client that made the call; absent in rows of before. */
  client: Schema.optionalKey(Schema.String),
  /** Of a caller without a session: its terminal with the leader of that. */
  terminal: Schema.optionalKey(Schema.String)
})
export type Owner = typeof Owner.Type

/** What the tasks of one owner have in common: the session, else the terminal; null where neither is known. */
export const ownerKey = ({ sessionId, terminal }: Owner): string | null =>
  sessionId ?? terminal ?? null

/** How long an attempt lasts at least when it fails so, in milliseconds: 0 for what is no limit. */
export const limitMs = (failure: Failure, { readyWhen, healthProbe }: TaskSpec): number => {
  switch (failure.type) {
    case "TimedOut":
      return failure.timeout
    case "StalledOutput":
      return failure.stallTimeout
    case "NotReady": {
      const probe = readyWhen ?? healthProbe
      return probe === null ? 0 : probeTiming(probe).startupTimeoutMs
    }
    default:
      return 0
  }
}

/** Tasks of one call, of which at most `limit` run at a time, whatever their queues. */
const Batch = Schema.Struct({ id: Schema.String, limit: Schema.Int })
export type Batch = typeof Batch.Type

/**
 * Where a task comes from: `retryOf` is the task that it repeats, `parentTaskId` the first of that chain, `pipelineId` the pipeline
 * that it is a step of, `machine` the id of the home that made it, `batch` the call that limits how many run at a time.
 */
export const Lineage = Schema.Struct({
  retryOf: Schema.NullOr(Schema.String),
  parentTaskId: Schema.NullOr(Schema.String),
  pipelineId: Schema.NullOr(Schema.String),
  machine: Schema.optionalKey(Schema.String),
  batch: Schema.optionalKey(Batch)
})
export type Lineage = typeof Lineage.Type

/** The lineage of a task that was asked for by itself. */
export const noLineage: Lineage = { retryOf: null, parentTaskId: null, pipelineId: null }
