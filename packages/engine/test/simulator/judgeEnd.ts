/** Whether what is told of the end of an attempt is how its command truly ended. Each answers with the flaw, null when there is none. */
import type { AttemptEnd, Outcome } from "@backbeat/core/task/AttemptEnd"
import type { Failure } from "@backbeat/core/task/Failure"
import { spawnedAt } from "@backbeat/core/task/TaskState"
import type { Task } from "@backbeat/core/task/Task"
import { flawOf, type Judged } from "../oracle/judgeTask.ts"
import type { Run } from "./Truth.ts"

/** What two steps of one moment may lie apart (ms). */
export const grainMs = 60

/** How long an engine may take from its look at a record to its commit (ms). */
const settlingMs = 5

const told = (run: Run | null): string => {
  if (run === null) return "never began"
  if (run.end === null) return "has not ended"
  return run.end.kind === "exited" ? `exited with ${run.end.code}` : `died by ${run.end.signal}`
}

const isEndOf = (outcome: Outcome, run: Run | null): boolean => {
  const its = run?.end
  if (outcome.kind === "exited") return its?.kind === "exited" && its.code === outcome.exitCode
  if (outcome.kind !== "signalled") return false
  if (its?.kind === "signalled" && its.signal === outcome.signal) return true
  // Without a record it was the SIGKILL of a stop.
  return outcome.signal === "SIGKILL" && (run === null || run.recordedMs === null)
}

const flawOfLost = (run: Run | null): string | null => {
  if (run === null) return null
  if (run.recordedMs !== null) return `is told as lost, but it ${told(run)}`
  return run.shim.killedBy === null ? "is told as lost, and nobody killed its shim" : null
}

const flawOfNotSpawned = (message: string, run: Run | null, { state }: Task): string | null => {
  if (run !== null) return `is told as not spawned (${message}), but it ${told(run)}`
  const isPassing = /^E(?:MFILE|NFILE|NOSPC|AGAIN)/u.test(message) && !message.includes("(tried ")
  return state.status === "failed" && isPassing ? `is given up for what passes: ${message}` : null
}

/** Of the outcome. A folder that was damaged may have lost what it was told by. */
export const flawOfOutcome = (
  task: Task,
  { outcome }: AttemptEnd,
  run: Run | null,
  isDamaged: boolean
): string | null => {
  if (isDamaged && outcome.kind !== "exited") return null
  if (outcome.kind === "lost") return flawOfLost(run)
  if (outcome.kind === "notSpawned") return flawOfNotSpawned(outcome.message, run, task)
  const name = outcome.kind === "exited" ? `exit ${outcome.exitCode}` : outcome.signal
  if (!isEndOf(outcome, run)) return `is told as ${name}, but it ${told(run)}`
  const isSuccess =
    outcome.kind === "exited" && task.spec.successExitCodes.includes(outcome.exitCode)
  return task.state.status === "completed" && !isSuccess ? `is completed by ${name}` : null
}

/** Its time began with the spawn of its shim, and ended with its record. */
export const flawOfTimes = (
  { state }: Task,
  { endedAt, lastedMs }: AttemptEnd,
  run: Run
): string | null => {
  const startedAt = spawnedAt(state)
  if (startedAt === null) return null
  const lateMs = startedAt - run.spawnedWallMs
  if (Math.abs(lateMs) > grainMs)
    return `is told to have begun ${Math.round(lateMs)} ms after its spawn`
  if (run.recordedMs === null) return null
  const ownMs = run.recordedMs - run.spawnedMs
  const toldMs = lastedMs ?? endedAt - startedAt
  return Math.abs(toldMs - ownMs) > grainMs
    ? `is told to have lasted ${toldMs} ms, but it was ${Math.round(ownMs)} ms`
    : null
}

/** A limit counts from the spawn, and only against what had not ended before. */
export const flawOfLimit = (
  { spec }: Task,
  { type }: Failure,
  run: Run | undefined,
  nowMs: number
): string | null => {
  if (type !== "TimedOut" && type !== "StalledOutput") return null
  if (run === undefined) return `is told as ${type}, but it was never spawned`
  if (run.recordedMs !== null && run.recordedMs < nowMs - settlingMs)
    return `is told as ${type}, but it had ended ${Math.round(nowMs - run.recordedMs)} ms before`
  const [fromMs, limitMs] =
    type === "TimedOut"
      ? [run.spawnedMs, spec.timeout]
      : [Math.max(run.spawnedMs, run.wroteMs ?? 0), spec.stallTimeoutMs]
  const tookMs = nowMs - fromMs
  return tookMs < (limitMs ?? 0) - grainMs
    ? `is told as ${type} after ${Math.round(tookMs)} ms`
    : null
}

const judgedOf = ({ id, spec, state }: Task): Judged => {
  const end = "end" in state ? state.end : null
  const startedAt = spawnedAt(state)
  return {
    id,
    status: state.status,
    attempt: state.attempt,
    exitCode: end?.outcome.kind === "exited" ? end.outcome.exitCode : null,
    failure: "failure" in state ? state.failure : null,
    timeout: spec.timeout,
    durationMs:
      end === null || startedAt === null ? null : (end.lastedMs ?? end.endedAt - startedAt)
  }
}

/** By the rules of the tests with real processes. All instants are of the monotonic clock. */
export const flawByOracle = (task: Task, runs: ReadonlyArray<Run>): string | null => {
  const seen = runs.flatMap((run) =>
    run.begunMs === null
      ? []
      : [
          {
            attempt: run.attempt,
            pid: run.command?.pid ?? 0,
            startedAt: run.begunMs,
            spawnedAt: run.spawnedMs,
            endedAt: run.end?.kind === "exited" ? run.endedMs : null,
            exitCode: run.end?.kind === "exited" ? run.end.code : null
          }
        ]
  )
  const last = runs.findLast(
    ({ attempt, begunMs }) => begunMs !== null && attempt === task.state.attempt
  )
  // Without a record nobody could know how it ended.
  if (last !== undefined && last.recordedMs === null) return null
  return flawOf(judgedOf(task), seen, {
    isDamaged: false,
    // A shim that stood still recorded its end when the limit had passed.
    wasStopped: true,
    isEngineLate: true,
    recordedAt: last?.recordedMs ?? null,
    still: []
  })
}
