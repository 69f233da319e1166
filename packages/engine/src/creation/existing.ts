/** What a start does if a task already has its id. */
import { type Problem, problem, withTry } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import type { Input } from "@backbeat/contract/table"
import { changedFields } from "@backbeat/core/task/changedFields"
import type { Task } from "@backbeat/core/task/Task"
import type { Owner } from "@backbeat/core/identity/Owner"
import { isFinal } from "@backbeat/core/task/TaskState"
import { readEnvironment } from "../home/TaskEnvironment.ts"
import type { Origin } from "./Origin.ts"
import type { SpecWithEnvironment } from "./taskSpec.ts"

/**
 * Describes an existing task: the fields in which the payload differs from it, and whether it had
 * ended.
 */
export interface ExistingTask {
  readonly differs: ReadonlyArray<string>
  readonly ended: boolean
}

/** The fields of the answer of a start that returns an existing task. */
export const existingFields = (existing: ExistingTask | undefined) => {
  if (existing === undefined) return {}
  const { differs, ended } = existing
  return {
    existing: true,
    ...(differs.length === 0 ? {} : { differs }),
    ...(ended ? { alreadyEnded: true } : {})
  }
}

/** Whether the payload gives a variable another value than the task's stored environment has. */
const changesEnvironment = (root: string, task: Task, given: StartInput["env"]): boolean => {
  if (given === undefined) return false
  const stored = readEnvironment(root, task)
  return stored !== null && Object.entries(given).some(([name, value]) => stored[name] !== value)
}

/** Compares a payload with the existing task that is returned unchanged. */
export const compareExisting = (
  root: string,
  task: Task,
  input: StartInput,
  { spec }: SpecWithEnvironment
): ExistingTask => {
  const changed = changedFields(task.spec, spec)
  const env = !changed.includes("env") && changesEnvironment(root, task, input.env) ? ["env"] : []
  return { differs: [...changed, ...env], ended: isFinal(task.state.status) }
}

/** Suggests the same start with `ifEnded: "again"`. */
const withTakeOver = (rejection: Problem, input: StartInput): Problem =>
  withTry(rejection, "start", { ...input, ifEnded: "again" })

const hasEnded = ({ id, state }: Task, input: StartInput): Problem =>
  withTakeOver(
    problem(
      "IllegalTransition",
      `task ${id} exists and is ${state.status} (ifEnded error)`,
      'Use another id, or set "ifEnded": "again" to run it again as another attempt.',
      {
        id,
        from: state.status
      }
    ),
    input
  )

const belongsToOther = ({ id, state, spec }: Task, input: StartInput): Problem =>
  withTakeOver(
    problem(
      "IllegalTransition",
      `task ${id} belongs to another session in ${spec.cwd}, and is ${state.status}`,
      'Use another id, or set "ifEnded": "again" to run that task again.',
      { id, from: state.status, cwd: spec.cwd }
    ),
    input
  )

/**
 * Why an ended task is not restarted for this caller, by the same rule as for `start`; null if it
 * is.
 */
export const rejectRestart = (
  { owner, spec, state }: Task,
  asked: Input<"restart">,
  { owner: { sessionId }, cwd }: Origin
): Problem | null => {
  const own = owner.sessionId === sessionId || spec.cwd === cwd
  if (own || !isFinal(state.status) || asked.ifEnded === "again") return null
  const rejection = problem(
    "IllegalTransition",
    `${asked.id} is of another session, in ${spec.cwd}, and is ${state.status}`,
    'Give "ifEnded": "again" to run it again all the same.',
    { id: asked.id, from: state.status, cwd: spec.cwd }
  )
  return withTry(rejection, "restart", { ...asked, ifEnded: "again" })
}

/**
 * Why the task of an ended id is not started again; null if it is. A task that another session left
 * in another folder is only taken over explicitly. Callers without a session count as one session.
 */
export const rejectEnded = (
  task: Task,
  input: StartInput,
  wanted: { readonly specified: SpecWithEnvironment; readonly owner: Owner }
): Problem | null => {
  if (input.ifEnded === "error") return hasEnded(task, input)
  const own =
    task.owner.sessionId === wanted.owner.sessionId || task.spec.cwd === wanted.specified.spec.cwd
  return own || input.ifEnded === "again" ? null : belongsToOther(task, input)
}
