/**
 * The specification of a task: everything that an attempt needs, except its environment, which is
 * stored in a file and not in the database.
 */
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

/**
 * The process limits of a task that differ from the engine's: its nice value, and soft limits with
 * the names and units of proc_pid_limits(5).
 */
export const ProcessLimits = Schema.Struct({
  nice: Schema.optionalKey(Schema.Int),
  soft: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
export type ProcessLimits = typeof ProcessLimits.Type

/**
 * The decoded specification of a task, with defaults filled in. Times are in milliseconds; null
 * means no limit.
 */
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
  /** Counts from when its dependencies are satisfied. */
  delayMs: Schema.NullOr(Schema.Int),
  timeout: Schema.NullOr(Schema.Int),
  /** The source of the timeout, if it is not the caller. */
  timeoutFrom: Schema.optionalKey(Schema.String),
  stallTimeoutMs: Schema.NullOr(Schema.Int),
  stopSignal: StopSignal,
  gracePeriodMs: Schema.Int,
  successExitCodes: Schema.Array(Schema.Int),
  restart: RestartPolicy,
  readyWhen: Schema.NullOr(Probe),
  healthProbe: Schema.NullOr(HealthProbe),
  maxOutputBytes: Schema.Int,
  /** The source of `maxOutputBytes`, if it is not the caller. */
  maxOutputBytesFrom: Schema.optionalKey(Schema.String),
  notify: Schema.NullOr(Notify),
  umask: Schema.Int,
  /** The caller's limits and nice value, if they differ from the engine's. */
  processLimits: Schema.optionalKey(ProcessLimits)
})
export type TaskSpec = typeof TaskSpec.Type

/**
 * The earliest start of a task whose dependencies are satisfied since `at`; null if it may start at
 * once. All in epoch milliseconds.
 */
export const earliestStart = ({ notBefore, delayMs }: TaskSpec, at: number): number | null => {
  const delayed = delayMs === null ? null : at + delayMs
  return notBefore === null || delayed === null
    ? (notBefore ?? delayed)
    : Math.max(notBefore, delayed)
}

/**
 * The shortest time after which an attempt can fail like this, in milliseconds; 0 if the failure is
 * no limit.
 */
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

/** The tasks of one call, of which at most `limit` run at a time, in any queue. */
const Batch = Schema.Struct({ id: Schema.String, limit: Schema.Int })
export type Batch = typeof Batch.Type

/** The aggregate that made a task by itself, such as a loop. What is `hidden` is left out of lists, unless they are of its source. */
const Source = Schema.Struct({
  kind: Schema.String,
  id: Schema.String,
  /** Added to the environment of its attempts. */
  variables: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  hidden: Schema.optionalKey(Schema.Literal(true))
})
export type Source = typeof Source.Type

/**
 * Where a task comes from: `retryOf` is the task that it repeats, `parentTaskId` the first of that
 * chain, `pipelineId` its pipeline, `machine` the id of the home that created it, `batch` the call
 * that limits how many of its tasks run at a time, `source` the thing of another kind that started it,
 * with the variables that its tasks get because of that.
 */
export const Lineage = Schema.Struct({
  retryOf: Schema.NullOr(Schema.String),
  parentTaskId: Schema.NullOr(Schema.String),
  pipelineId: Schema.NullOr(Schema.String),
  machine: Schema.optionalKey(Schema.String),
  batch: Schema.optionalKey(Batch),
  source: Schema.optionalKey(Source)
})
export type Lineage = typeof Lineage.Type

/** The lineage of a task that was started alone. */
export const noLineage: Lineage = { retryOf: null, parentTaskId: null, pipelineId: null }
