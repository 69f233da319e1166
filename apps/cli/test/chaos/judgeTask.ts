/** Whether what backbeat tells of an ended task is what the task told of itself. */
import * as Schema from "effect/Schema"
import type { SeenAttempt } from "./Oracle.ts"

/** A task as far as it is judged. */
export const Judged = Schema.Struct({
  id: Schema.String,
  status: Schema.String,
  attempt: Schema.Int,
  exitCode: Schema.NullOr(Schema.Int),
  failure: Schema.NullOr(Schema.Struct({ type: Schema.String })),
  timeout: Schema.NullOr(Schema.Int),
  durationMs: Schema.NullOr(Schema.Finite)
})
export type Judged = typeof Judged.Type

/** What a means has done to a task: its folder lost something, or its shim stood still, so that nothing was recorded in time. */
export interface Hardship {
  readonly isDamaged: boolean
  readonly wasStopped: boolean
}

/** What two clocks of one machine, and the start of a shell, may lie apart (ms). */
const grainMs = 50

/** Whether another copy of the attempt began before this one had ended. */
const isBeside = (one: SeenAttempt, all: ReadonlyArray<SeenAttempt>): boolean =>
  all.some((other) => other.attempt === one.attempt && other.startedAt > one.startedAt && (one.endedAt === null || other.startedAt < one.endedAt))

/** What is wrong; null when nothing is. Of a damaged task only copies at one time, life and status are judged: a folder that is lost when its command has ended cannot tell that. */
export const flawOf = (task: Judged, attempts: ReadonlyArray<SeenAttempt>, { isDamaged, wasStopped }: Hardship): string | null => {
  const numbers = attempts.map(({ attempt }) => attempt)
  if (isDamaged ? attempts.some((each) => isBeside(each, attempts)) : new Set(numbers).size !== numbers.length) return "two copies of one attempt"
  if (numbers.some((attempt) => attempt > task.attempt)) return "an attempt that nobody asked for"
  if (!["completed", "failed", "cancelled"].includes(task.status)) return "it is not final"
  const last = attempts.find(({ attempt }) => attempt === task.attempt)
  if (isDamaged || last === undefined || (wasStopped && task.failure?.type === "TimedOut")) return null
  return flawOfEnd(task, last)
}

const flawOfEnd = (task: Judged, { startedAt, spawnedAt, endedAt, exitCode }: SeenAttempt): string | null => {
  if (endedAt === null) return task.status === "completed" ? "completed without an end of its own" : null
  const ownMs = endedAt - startedAt
  const isTimedOut = task.failure?.type === "TimedOut"
  if (isTimedOut && endedAt - spawnedAt < (task.timeout ?? 0) - grainMs) return `timed out, but ended by itself after ${endedAt - spawnedAt} ms`
  if ((task.durationMs ?? ownMs) < ownMs - grainMs) return `a duration below its own ${ownMs} ms`
  if (task.status === "cancelled" || isTimedOut) return null
  return task.exitCode === exitCode ? null : "another exit code"
}
