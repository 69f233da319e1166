/** What a start does with an id that stands for a task already. */
import { type Problem, problem, withTry } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import type { Input } from "@backbeat/contract/table"
import { changedFields } from "@backbeat/core/task/changedFields"
import type { Task } from "@backbeat/core/task/Task"
import type { Owner } from "@backbeat/core/task/TaskSpec"
import { isFinal } from "@backbeat/core/task/TaskState"
import { readEnvironment } from "../home/TaskEnvironment.ts"
import type { Origin } from "./Origin.ts"
import type { Specified } from "./taskSpec.ts"

/** That a task was there already: in which fields the payload differs from it, and whether it had ended. */
export interface Found {
  readonly differs: ReadonlyArray<string>
  readonly ended: boolean
}

/** What a start says beside the task that it has found. */
export const foundFields = (found: Found | undefined) => {
  if (found === undefined) return {}
  const { differs, ended } = found
  return {
    existing: true,
    ...(differs.length === 0 ? {} : { differs }),
    ...(ended ? { alreadyEnded: true } : {})
  }
}

/** Whether a variable that the payload gives has another value than the task has kept. */
const changesEnvironment = (root: string, task: Task, given: StartInput["env"]): boolean => {
  if (given === undefined) return false
  const kept = readEnvironment(root, task)
  return kept !== null && Object.entries(given).some(([name, value]) => kept[name] !== value)
}

/** What is found of a task that is answered as it is. */
export const foundOf = (
  root: string,
  task: Task,
  input: StartInput,
  { spec }: Specified
): Found => {
  const changed = changedFields(task.spec, spec)
  const env = !changed.includes("env") && changesEnvironment(root, task, input.env) ? ["env"] : []
  return { differs: [...changed, ...env], ended: isFinal(task.state.status) }
}

/** The same start, which takes the id over. */
const takingOver = (told: Problem, input: StartInput): Problem =>
  withTry(told, "start", { ...input, ifEnded: "again" })

const hasEnded = ({ id, state }: Task, input: StartInput): Problem =>
  takingOver(
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

const isOthers = ({ id, state, spec }: Task, input: StartInput): Problem =>
  takingOver(
    problem(
      "IllegalTransition",
      `task ${id} belongs to another session in ${spec.cwd}, and is ${state.status}`,
      'Use another id, or set "ifEnded": "again" to run that task again.',
      { id, from: state.status, cwd: spec.cwd }
    ),
    input
  )

/** Why what has ended is not restarted for this caller, as for a start of its id; null when it is. */
export const refusedRestart = (
  { owner, spec, state }: Task,
  asked: Input<"restart">,
  { owner: { sessionId }, cwd }: Origin
): Problem | null => {
  const own = owner.sessionId === sessionId || spec.cwd === cwd
  if (own || !isFinal(state.status) || asked.ifEnded === "again") return null
  const told = problem(
    "IllegalTransition",
    `${asked.id} is of another session, in ${spec.cwd}, and is ${state.status}`,
    'Give "ifEnded": "again" to run it again all the same.',
    { id: asked.id, from: state.status, cwd: spec.cwd }
  )
  return withTry(told, "restart", { ...asked, ifEnded: "again" })
}

/**
 * Why an id that has ended is not started again; null when it is. What another session left in another folder is taken over only when
 * that is asked for. Callers without a session count as one.
 */
export const refusedEnded = (
  task: Task,
  input: StartInput,
  wanted: { readonly specified: Specified; readonly owner: Owner }
): Problem | null => {
  if (input.ifEnded === "error") return hasEnded(task, input)
  const own =
    task.owner.sessionId === wanted.owner.sessionId || task.spec.cwd === wanted.specified.spec.cwd
  return own || input.ifEnded === "again" ? null : isOthers(task, input)
}
