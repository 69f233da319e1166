/** Whether what backbeat tells of an ended task is what the task told of itself. */
import * as Schema from "effect/Schema"

/** One attempt as the task itself told it; instants are epoch ms; `endedAt` and `exitCode` are null when it came to no end of its own. */
export interface SeenAttempt {
  readonly attempt: number
  readonly pid: number
  readonly startedAt: number
  /** When its shim began, as the kernel says. */
  readonly spawnedAt: number
  readonly endedAt: number | null
  readonly exitCode: number | null
}

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

/** From when to when no engine did anything (epoch ms). */
export interface Still {
  readonly from: number
  readonly until: number
}

/** What a means has done to a task: its folder lost something, or its shim stood still, so that nothing was recorded in time. */
export interface Hardship {
  readonly isDamaged: boolean
  readonly wasStopped: boolean
  /** The engine stood still: between the spawn and its look at the clock, too. */
  readonly isEngineLate: boolean
  /** When the kernel saw the attempt's record written (epoch ms); null when there is none. */
  readonly recordedAt: number | null
  readonly still: ReadonlyArray<Still>
}

/** What two clocks of one machine, and the start of a shell, may lie apart (ms). */
const grainMs = 50
/** How long after its spawn an attempt may be told to have begun, and after its last line to have ended, on a busy machine (ms). */
const spawnMs = 500

/** Whether another copy of the attempt began before this one had ended. */
const isBeside = (one: SeenAttempt, all: ReadonlyArray<SeenAttempt>): boolean =>
  all.some(
    (other) =>
      other.attempt === one.attempt &&
      other.startedAt > one.startedAt &&
      (one.endedAt === null || other.startedAt < one.endedAt)
  )

/** Whether the task is in a final status. */
export const isEnded = ({ status }: Judged): boolean =>
  ["completed", "failed", "cancelled"].includes(status)

/** What is wrong; null when nothing is. Of a damaged task only copies at one time, life and status are judged: a folder that is lost when its command has ended cannot tell that. */
export const flawOf = (
  task: Judged,
  attempts: ReadonlyArray<SeenAttempt>,
  hardship: Hardship
): string | null => {
  const { isDamaged, wasStopped } = hardship
  const numbers = attempts.map(({ attempt }) => attempt)
  if (
    isDamaged
      ? attempts.some((each) => isBeside(each, attempts))
      : new Set(numbers).size !== numbers.length
  )
    return "two copies of one attempt"
  if (numbers.some((attempt) => attempt > task.attempt)) return "an attempt that nobody asked for"
  if (!isEnded(task)) return "it is not final"
  const last = attempts.find(({ attempt }) => attempt === task.attempt)
  if (isDamaged || last === undefined || (wasStopped && task.failure?.type === "TimedOut"))
    return null
  return flawOfEnd(task, last, hardship)
}

const flawOfEnd = (task: Judged, own: SeenAttempt, hardship: Hardship): string | null => {
  const { endedAt, exitCode } = own
  if (endedAt === null)
    return task.status === "completed" ? "completed without an end of its own" : null
  if (task.failure?.type === "TimedOut") return flawOfTimeout(task, own, hardship)
  if (task.status === "cancelled") return null
  return task.exitCode === exitCode
    ? flawOfDuration(task, own, { ...hardship, endedAt })
    : "another exit code"
}

/** A record counts that was written before the limit had passed, or before any engine could see that it had: nothing of ours ended that command. */
const flawOfTimeout = (
  { timeout }: Judged,
  { spawnedAt }: SeenAttempt,
  { recordedAt, still }: Hardship
): string | null => {
  if (recordedAt === null) return null
  const dueAt = spawnedAt + (timeout ?? 0) - grainMs
  const wasUnseen = still.some(
    ({ from, until }) => dueAt > from && recordedAt > from && recordedAt < until - grainMs
  )
  return recordedAt < dueAt || wasUnseen
    ? `timed out, but ended by itself after ${recordedAt - spawnedAt} ms`
    : null
}

const flawOfDuration = (
  { durationMs }: Judged,
  { startedAt, spawnedAt }: SeenAttempt,
  { endedAt, isEngineLate, recordedAt }: Hardship & { readonly endedAt: number }
): string | null => {
  if (durationMs === null) return null
  if (!isEngineLate && durationMs < endedAt - startedAt - spawnMs)
    return `a duration below its own ${endedAt - startedAt} ms`
  const longestMs =
    recordedAt === null ? endedAt - spawnedAt + spawnMs : recordedAt - spawnedAt + grainMs
  return durationMs > longestMs ? `a duration above the ${longestMs} ms since its spawn` : null
}
