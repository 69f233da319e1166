/** Shows a task to callers. */
import { workKey } from "@backbeat/core/task/workKey"
import type { BriefTask, TaskAnswer } from "@backbeat/contract/TaskAnswer"
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import type { Failure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import type { Work } from "@backbeat/core/task/TaskSpec"
import {
  endedAt,
  endOf,
  lastAttempt,
  spawnedAt,
  type TaskState
} from "@backbeat/core/task/TaskState"
import * as Struct from "effect/Struct"
import { attemptDir } from "../home/Home.ts"
import { peakMemoryOf } from "../process/peakMemory.ts"
import type { Stopped } from "../process/stopTree.ts"
import type { LastEnd } from "../attempt/lastEnd.ts"
import type { MonitoredAttempt } from "../attempt/MonitoredAttempts.ts"
import { outputPath } from "../output/OutputStream.ts"
import { statIfThere } from "../process/statIfThere.ts"

const scriptMaxCharacters = 120

/** An instant (epoch ms) as ISO 8601. */
export const iso = (at: number): string => new Date(at).toISOString()

const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at))

const failureOf = (state: TaskState): Failure | null => {
  if ("failure" in state) return state.failure
  return state.status === "stopping" && "failure" in state.intent ? state.intent.failure : null
}

/**
 * The stored row gets the time of the spawn with its next change; until then the monitored attempt
 * has it.
 */
const startOf = (state: TaskState, live: MonitoredAttempt | null): number | null =>
  spawnedAt(state) ?? (hasProcess(state) && live?.attempt === state.attempt ? live.startedAt : null)

/** Counts to the end of the attempt: a task that waited for another attempt ends later. */
const durationOf = (startedAt: number | null, end: AttemptEnd | null): number | null =>
  startedAt === null || end === null
    ? null
    : (end.lastedMs ?? Math.max(0, Math.round(end.endedAt - startedAt)))

const facts = (state: TaskState, live: MonitoredAttempt | null) => {
  const end = endOf(state)
  const startedAt = startOf(state, live)
  const endInstant = endedAt(state)
  return {
    exitCode: end?.outcome.kind === "exited" ? end.outcome.exitCode : null,
    signal: end?.outcome.kind === "signalled" ? end.outcome.signal : null,
    failure: failureOf(state),
    startedAt: isoOrNull(startedAt),
    endedAt: isoOrNull(endInstant),
    durationMs: endInstant === null ? null : durationOf(startedAt, end),
    costUsd: end?.agent?.result.costUsd ?? null
  }
}

/** The processes that a stop has ended, as answers show them. */
export const endedAnswer = (stopped: Stopped | null) => ({
  ended: stopped?.ended ?? [],
  endedMore: stopped === null ? 0 : stopped.endedCount - stopped.ended.length,
  freedPorts: stopped?.freedPorts ?? []
})

/** An ended attempt is monitored a little longer, but its pid may already be another process. */
const hasProcess = ({ status }: TaskState): boolean => status === "running" || status === "stopping"

/**
 * The current or next attempt of a task. One that was cancelled before it started does not count.
 */
const countedAttempt = (state: TaskState): number =>
  (state.status === "cancelled" || state.status === "stopping") && state.startedAt === null
    ? state.attempt - 1
    : state.attempt

const ownerOf = ({ client, sessionId, taskId }: Task["owner"]): BriefTask["owner"] => ({
  client: client ?? null,
  sessionId,
  taskId
})

/** A task in short, with its texts in one line each. */
export const briefTask = (task: Task, live: MonitoredAttempt | null): BriefTask => {
  const { spec, state } = task
  const { work } = spec
  return {
    id: task.id,
    name: spec.name,
    kind: work.kind,
    status: state.status,
    health: state.status === "running" ? state.health : null,
    command: work.kind === "command" ? work.command : null,
    args: work.kind === "command" ? work.args : [],
    script: work.kind === "script" ? shorten(work.script) : null,
    prompt: work.kind === "prompt" ? shorten(work.prompt) : null,
    agent: work.kind === "prompt" ? work.agent : null,
    model: work.kind === "prompt" ? work.model : null,
    cwd: spec.cwd,
    tags: spec.tags,
    priority: spec.priority,
    queue: spec.queue,
    attempt: countedAttempt(state),
    restartCount: task.restartCount,
    pid: hasProcess(state) && live?.attempt === state.attempt ? live.pid : null,
    ...facts(state, live),
    dependsOn: spec.dependsOn,
    ...Struct.omit(task.lineage, ["batch", "source"]),
    ...sourceOf(task),
    owner: ownerOf(task.owner),
    createdAt: iso(task.createdAt)
  }
}

/** What has started it by itself, such as a schedule. */
const sourceOf = ({
  lineage: { source }
}: Task): { readonly scheduleId?: string; readonly loopId?: string } => {
  if (source?.kind === "loop") return { loopId: source.id }
  return source?.kind === "schedule" ? { scheduleId: source.id } : {}
}

const shorten = (text: string): string =>
  text.length <= scriptMaxCharacters ? text : `${text.slice(0, scriptMaxCharacters)}…`

const logsOf = (root: string, task: Task): TaskAnswer["logs"] => {
  const attempt = lastAttempt(task.state)
  const dir = attemptDir(root, task.id, attempt)
  const stdoutPath = outputPath(dir, "stdout")
  const stderrPath = outputPath(dir, "stderr")
  const stdout = statIfThere(stdoutPath)
  const stderr = statIfThere(stderrPath)
  return {
    stdoutPath: stdout === undefined ? null : stdoutPath,
    stderrPath: stderr === undefined ? null : stderrPath,
    stdoutBytes: stdout?.size ?? 0,
    stderrBytes: stderr?.size ?? 0
  }
}

const stoppingOf = (state: TaskState): TaskAnswer["stopping"] =>
  state.status === "stopping"
    ? {
        by: state.by,
        reason: state.reason,
        signal: state.signal,
        since: iso(state.since),
        killAt: iso(state.killAt)
      }
    : null

const agentFieldsOf = (work: Work) =>
  work.kind === "prompt"
    ? {
        prompt: work.prompt,
        continueFrom: work.after?.how === "continue" ? work.after.task : null,
        additionalContext: work.after?.added ?? null,
        effort: work.effort,
        systemPrompt: work.systemPrompt,
        permissionMode: work.permissionMode,
        maxTurns: work.maxTurns,
        maxCostUsd: work.maxCostUsd,
        outputSchema: work.outputSchema
      }
    : {
        prompt: null,
        continueFrom: null,
        additionalContext: null,
        effort: null,
        systemPrompt: null,
        permissionMode: null,
        maxTurns: null,
        maxCostUsd: null,
        outputSchema: null
      }

const endFacts = (end: AttemptEnd | null, dir: string) => ({
  result: end?.agent?.result ?? null,
  cpuMs: end?.cpuMs ?? null,
  ...endedAnswer(end?.stopped ?? null),
  peakMemoryBytes: end === null ? null : peakMemoryOf(dir)
})

/** Shows each fact once: the exit code alone, and the signal only if no failure contains it. */
const lastEndAnswer = ({ attempt, end, failure }: LastEnd): TaskAnswer["lastEnd"] => ({
  attempt,
  ...(end.outcome.kind === "exited" ? { exitCode: end.outcome.exitCode } : {}),
  ...(end.outcome.kind === "signalled" && failure === null ? { signal: end.outcome.signal } : {}),
  ...(failure === null || failure.type === "ExitedNonZero" ? {} : { failure }),
  ...(end.agent === undefined ? {} : { result: end.agent.result })
})

/**
 * Facts that the state of a task does not contain: its open dependencies, and the end of the
 * previous attempt.
 */
export interface TaskExtras {
  readonly waitsFor: TaskAnswer["waitsFor"]
  readonly lastEnd: LastEnd | null
}

/** Everything about a task. */
export const taskAnswer = (
  root: string,
  task: Task,
  live: MonitoredAttempt | null,
  { waitsFor, lastEnd }: TaskExtras
): TaskAnswer => {
  const { spec, state } = task
  return {
    ...briefTask(task, live),
    script: spec.work.kind === "script" ? spec.work.script : null,
    ...agentFieldsOf(spec.work),
    ...endFacts(endOf(state), attemptDir(root, task.id, lastAttempt(state))),
    waitsFor,
    lastEnd: lastEnd === null ? null : lastEndAnswer(lastEnd),
    openedAt: isoOrNull("startedAt" in state ? state.startedAt : null),
    retryAt: state.status === "retrying" ? iso(state.retryAt) : null,
    notBefore: state.status === "queued" ? isoOrNull(state.notBefore) : null,
    stopping: stoppingOf(state),
    cancelled: state.status === "cancelled" ? { by: state.by, reason: state.reason } : null,
    workKey: workKey(spec),
    envKeys: spec.envKeys,
    forgetEnv: spec.forgetEnv,
    stdin: spec.stdin.kind,
    timeout: spec.timeout,
    stallTimeoutMs: spec.stallTimeoutMs,
    stopSignal: spec.stopSignal,
    gracePeriodMs: spec.gracePeriodMs,
    successExitCodes: spec.successExitCodes,
    restart: spec.restart,
    readyWhen: spec.readyWhen,
    healthProbe: spec.healthProbe,
    maxOutputBytes: spec.maxOutputBytes,
    notify: spec.notify,
    logs: logsOf(root, task)
  }
}
