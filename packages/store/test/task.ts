/** Valid tasks and changes for tests, made with the same `decide` and `evolve` that the engine uses. */
import * as Result from "effect/Result"
import { engine } from "@backbeat/core/history/Actor"
import { decide } from "@backbeat/core/task/decide"
import { created, evolve } from "@backbeat/core/task/evolve"
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import { type Lineage, noLineage, type TaskSpec } from "@backbeat/core/task/TaskSpec"
import { type Owner } from "@backbeat/core/identity/Owner"
import type { Change } from "@backbeat/store/TaskStore"

/** The start time of tests, in epoch milliseconds. */
export const start = 1_790_000_000_000

/** The properties of a task that a test sets; the others are plain. */
export interface TaskOptions {
  readonly at?: number
  readonly blocked?: boolean
  readonly spec?: Partial<TaskSpec>
  readonly owner?: Partial<Owner>
  readonly lineage?: Partial<Lineage>
}

/** A plain specification with these fields. */
const spec = (fields: Partial<TaskSpec> = {}): TaskSpec => ({
  name: null,
  work: { kind: "command", command: "npm", args: ["test"] },
  cwd: "/work",
  envKeys: [],
  forgetEnv: false,
  stdin: { kind: "null" },
  tags: [],
  priority: "P1",
  queue: "default",
  dependsOn: [],
  notBefore: null,
  delayMs: null,
  timeout: null,
  stallTimeoutMs: null,
  stopSignal: "SIGTERM",
  gracePeriodMs: 5000,
  successExitCodes: [0],
  restart: defaultRestartPolicy,
  readyWhen: null,
  healthProbe: null,
  maxOutputBytes: 10_485_760,
  notify: null,
  umask: 0o022,
  ...fields
})

/** The change that creates a task, `queued` unless it is `blocked`. */
export const creation = (
  id: string,
  { at = start, blocked = false, ...given }: TaskOptions = {}
): Change => {
  const owner = { sessionId: null, taskId: null, depth: 0, ...given.owner }
  const event = {
    type: "task.created",
    spec: spec(given.spec),
    owner,
    lineage: { ...noLineage, ...given.lineage },
    blocked
  } as const
  return { task: created(id, event, at), events: [event], at, actor: engine }
}

/** A task that was just created. */
export const task = (id: string, options: TaskOptions = {}): Task => creation(id, options).task

/** The change that a command makes to a task. */
export const change = (before: Task, command: TaskCommand, at: number = start): Change => {
  const events: ReadonlyArray<TaskEvent> = Result.getOrThrow(decide(command, before, at))
  const after = events.reduce((now, event) => evolve(now, event, { at, actor: engine }), before)
  return { task: after, events, at, actor: engine }
}

/** The end of an attempt with an exit code. */
export const exit = (exitCode: number, endedAt: number = start): TaskCommand => ({
  type: "End",
  end: { outcome: { kind: "exited", exitCode }, endedAt, cpuMs: null }
})

/** The changes of a whole lifecycle: created, started, and ended with exit code 0. */
export const life = (
  id: string,
  { endedAt = start, ...options }: TaskOptions & { readonly endedAt?: number } = {}
) => {
  const first = creation(id, options)
  const opened = change(first.task, { type: "Open" }, first.at)
  return [first, opened, change(opened.task, exit(0, endedAt), endedAt)]
}
