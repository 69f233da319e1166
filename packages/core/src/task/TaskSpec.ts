/** What a task is asked to be: everything that an attempt needs but the environment, which is kept outside of the store. */
import * as Schema from "effect/Schema"
import { Notify } from "./Notify.ts"
import { HealthProbe, Probe } from "./Probe.ts"
import { RestartPolicy } from "./RestartPolicy.ts"

/** P0 is the most urgent. */
export const Priority = Schema.Literals(["P0", "P1", "P2"])

/** What runs: an argument vector without a shell, or a script for /bin/sh. */
export const Work = Schema.Union([
  Schema.Struct({ kind: Schema.tag("command"), command: Schema.String, args: Schema.Array(Schema.String) }),
  Schema.Struct({ kind: Schema.tag("script"), script: Schema.String })
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
export const StopSignal = Schema.Literals(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"])
export type StopSignal = typeof StopSignal.Type

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
  notBefore: Schema.NullOr(Schema.Finite),
  timeout: Schema.NullOr(Schema.Int),
  stallTimeoutMs: Schema.NullOr(Schema.Int),
  stopSignal: StopSignal,
  gracePeriodMs: Schema.Int,
  successExitCodes: Schema.Array(Schema.Int),
  restart: RestartPolicy,
  readyWhen: Schema.NullOr(Probe),
  healthProbe: Schema.NullOr(HealthProbe),
  maxOutputBytes: Schema.Int,
  notify: Schema.NullOr(Notify),
  umask: Schema.Int
})
export type TaskSpec = typeof TaskSpec.Type

/**
 * Who owns a task: the session that asked for it, and the task inside of which it was asked for. `requestId` names the
 * call, so that a call which is sent again after a broken connection finds what it has made.
 */
export const Owner = Schema.Struct({
  sessionId: Schema.NullOr(Schema.String),
  taskId: Schema.NullOr(Schema.String),
  depth: Schema.Int,
  requestId: Schema.optionalKey(Schema.String)
})
export type Owner = typeof Owner.Type
