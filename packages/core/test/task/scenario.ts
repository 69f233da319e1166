/** Tasks in every status, each brought there by the commands that a real one would get. */
import type { Actor } from "@backbeat/core/history/Actor"
import type { AgentOutcome } from "@backbeat/core/task/AgentOutcome"
import type { AttemptEnd, Outcome } from "@backbeat/core/task/AttemptEnd"
import { decide } from "@backbeat/core/task/decide"
import { created, evolve } from "@backbeat/core/task/evolve"
import { defaultRestartPolicy } from "@backbeat/core/task/RestartPolicy"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import type { TaskEvent } from "@backbeat/core/task/TaskEvent"
import { noLineage, type TaskSpec } from "@backbeat/core/task/TaskSpec"
import { type Owner } from "@backbeat/core/identity/Owner"
import * as Result from "effect/Result"

export const caller: Actor = { kind: "caller", client: "test" }
export const other: Actor = { kind: "caller", client: "other" }

export const owner: Owner = { sessionId: null, taskId: null, depth: 0 }

/** A plain specification with these changes. */
export const specOf = (changes: Partial<TaskSpec> = {}): TaskSpec => ({
  name: null,
  work: { kind: "command", command: "true", args: [] },
  cwd: "/",
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
  maxOutputBytes: 1024,
  notify: null,
  umask: 0o022,
  ...changes
})

/** A policy that retries after 1 s, then 2 s: three attempts in all. */
export const twiceAgain = { ...defaultRestartPolicy, when: "on-failure" } as const

/** A command with its instant and its cause. */
export interface Step {
  readonly command: TaskCommand
  readonly at: number
  readonly actor?: Actor
}

export const endAt = (
  endedAt: number,
  outcome: Outcome = { kind: "exited", exitCode: 0 }
): AttemptEnd => ({
  outcome,
  endedAt,
  cpuMs: 7
})
export const exitAt = (endedAt: number, exitCode: number): AttemptEnd =>
  endAt(endedAt, { kind: "exited", exitCode })

const unknownUsage = { costUsd: null, inputTokens: null, outputTokens: null }
const said = { text: "said", sessionId: null, turns: null, structured: null, ...unknownUsage }
export const agentDone: AgentOutcome = {
  result: { ...said, isError: false },
  used: unknownUsage,
  trouble: null
}
const trouble = { kind: "rate_limit", message: "429", hint: "Wait." } as const
export const refusal = { type: "AgentError", ...trouble } as const
export const agentRefused: AgentOutcome = {
  result: { ...said, isError: true },
  used: unknownUsage,
  trouble
}

export const release: TaskCommand = { type: "Release" }
export const open: TaskCommand = { type: "Open" }
export const retry: TaskCommand = { type: "Retry" }
export const endDelay: TaskCommand = { type: "EndDelay" }
export const stop: TaskCommand = {
  type: "Stop",
  reason: "enough",
  signal: "SIGTERM",
  graceMs: 5000
}
export const restart: TaskCommand = { type: "Restart", reason: "again", spec: null }
export const timedOut = { type: "TimedOut", timeout: 100 } as const
export const limit: TaskCommand = { type: "Limit", failure: timedOut, elapsedMs: 100 }
export const finish: TaskCommand = { type: "Finish" }
export const postpone: TaskCommand = {
  type: "Postpone",
  message: "EMFILE: too many open files",
  claimed: false
}
export const end = (ended: AttemptEnd): TaskCommand => ({ type: "End", end: ended })

/** A task after some steps, with every event in order. A rejected step fails the test. */
export interface Progress {
  readonly task: Task
  readonly events: ReadonlyArray<{
    readonly event: TaskEvent
    readonly at: number
    readonly actor: Actor
  }>
}

/** Applies one command, as the engine does. */
export const applyStep = (
  progress: Progress,
  { command, at, actor = caller }: Step
): Result.Result<Progress, unknown> =>
  Result.map(decide(command, progress.task, at), (decided) => {
    const added = decided.map((event) => ({ event, at, actor }))
    return {
      task: decided.reduce((task, event) => evolve(task, event, { at, actor }), progress.task),
      events: [...progress.events, ...added]
    }
  })

/** A task created at instant 0. */
export const creation = (spec: TaskSpec, blocked = false): Progress => {
  const event = { type: "task.created", spec, owner, lineage: noLineage, blocked } as const
  return { task: created("demo", event, 0), events: [{ event, at: 0, actor: caller }] }
}

/** A task after one more step. */
export const apply = (task: Task, step: Step): Task =>
  Result.getOrThrow(applyStep({ task, events: [] }, step)).task

/** A task after the steps. */
export const given = (spec: TaskSpec, ...steps: ReadonlyArray<Step>): Task =>
  steps.reduce((progress, step) => Result.getOrThrow(applyStep(progress, step)), creation(spec))
    .task

/** A blocked task. */
export const blocked = (spec: TaskSpec = specOf()): Task => creation(spec, true).task
/** A queued task. */
export const queued = (spec: TaskSpec = specOf()): Task => given(spec)
/** A task that runs since instant 100. */
export const running = (spec: TaskSpec = specOf()): Task => given(spec, { command: open, at: 100 })
/** A task that a caller stopped at instant 200. */
export const stopping = (spec: TaskSpec = specOf()): Task =>
  given(spec, { command: open, at: 100 }, { command: stop, at: 200 })
/** A task whose first attempt failed at instant 300. */
export const retrying = (): Task =>
  given(
    specOf({ restart: twiceAgain }),
    { command: open, at: 100 },
    { command: end(exitAt(300, 1)), at: 310 }
  )
/** A task that exited with 0 at instant 300. */
export const completed = (): Task =>
  given(specOf(), { command: open, at: 100 }, { command: end(endAt(300)), at: 310 })
/** A task that exited with 1 at instant 300. */
export const failed = (): Task =>
  given(specOf(), { command: open, at: 100 }, { command: end(exitAt(300, 1)), at: 310 })
/** A task that a caller stopped while it ran. Its process ended at instant 300. */
export const cancelled = (): Task =>
  given(
    specOf(),
    { command: open, at: 100 },
    { command: stop, at: 200 },
    { command: end(exitAt(300, 143)), at: 310 }
  )
