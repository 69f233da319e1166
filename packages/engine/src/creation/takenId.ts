/**
 * Why a start is rejected because its id is in use: by a live task, a step, a pipeline, or
 * processes of a lost task.
 */
import { callOf, ownPath, sentence } from "@backbeat/contract/Text"
import { problem, type Problem, withChange, withTry, atField } from "@backbeat/contract/Problem"
import type { StartInput } from "@backbeat/contract/operation/start"
import { isAccepted } from "@backbeat/core/task/accepts"
import type { Task } from "@backbeat/core/task/Task"
import type { IdKind } from "@backbeat/store/IdStore"
import type { Origin } from "./Origin.ts"
import { compareExisting } from "./existing.ts"
import type { SpecWithEnvironment } from "./taskSpec.ts"

/** The place of the item that has started the task, if this call has. */
const placeOf = ({ owner }: Task, origin: Origin): number | null => {
  const [requestId, place] = (owner.requestId ?? "").split("#")
  return requestId === origin.requestId && place !== undefined ? Number(place) : null
}

const alreadyRunning = (
  task: Task,
  index: number,
  origin: Origin,
  differs: ReadonlyArray<string>
): Problem => {
  const {
    id,
    state: { status }
  } = task
  const first = placeOf(task, origin)
  if (first === null) {
    const restarts = status === "running" || status === "retrying" ? ' or "restart"' : ""
    const rejection = problem(
      "TaskAlreadyRunning",
      `task ${id} is ${status}`,
      `Use another id, stop it first, or set "ifRunning": "return"${restarts}.`,
      {
        id,
        status,
        ...(differs.length === 0 ? {} : { differs })
      }
    )
    return withChange(rejection, { ifRunning: "return" })
  }
  const message = `items ${first} and ${index} have the same id: ${id}. Item ${first} was started, item ${index} was not`
  return problem(
    "TaskAlreadyRunning",
    message,
    "Use a different id for each item, or remove id to get a new one.",
    { id, status, indices: [first, index] }
  )
}

const dependsTooLate = ({ id, state }: Task): Problem =>
  atField(
    "dependsOn",
    problem(
      "IllegalTransition",
      sentence`task ${id} is ${state.status}; a restart of a live task cannot have ${ownPath}`,
      "Stop it first, or remove dependsOn.",
      { id, from: state.status }
    )
  )

/** Rejects a restart of a task that has nothing running, or whose stop is under way. */
const nothingRuns = ({ id, state: { status } }: Task): Problem => {
  const message = sentence`task ${id} is ${status}; ${ownPath} "restart" requires a running or retrying task`
  const rejectWith = (hint: string) =>
    atField("ifRunning", problem("IllegalTransition", message, hint, { id, from: status }))
  if (status === "stopping") {
    return withTry(rejectWith("Wait until it ends, then start it."), "wait", { id })
  }
  const hint = 'Stop it first, then start it, or set "ifRunning": "return".'
  return withChange(rejectWith(hint), { ifRunning: "return" })
}

/** An item to start, and its place in the call. */
interface Wanted {
  readonly input: StartInput
  readonly index: number
  readonly specified: SpecWithEnvironment
  readonly origin: Origin
}

/** Why a live task is not started again; null if it is. */
export const rejectLive = (root: string, task: Task, wanted: Wanted): Problem | null => {
  const { input, index, specified, origin } = wanted
  if (input.ifRunning !== "restart")
    return alreadyRunning(
      task,
      index,
      origin,
      compareExisting(root, task, input, specified).differs
    )
  if (!isAccepted(task.state.status, "Restart")) return nothingRuns(task)
  return specified.spec.dependsOn.length > 0 ? dependsTooLate(task) : null
}

/** Rejects the id of a step whose pipeline runs. */
export const isStep = (id: string, pipelineId: string): Problem =>
  withTry(
    problem(
      "IllegalTransition",
      `task ${id} belongs to pipeline ${pipelineId}, which is running`,
      "Wait until that pipeline ends, stop it, or use another id.",
      { id, pipelineId }
    ),
    "wait",
    { pipelineId }
  )

/** Rejects an id that another kind of thing has. */
export const idIsTaken = (id: string, kind: IdKind): Problem =>
  atField(
    "id",
    problem(
      "IllegalTransition",
      `${id} is the id of a ${kind}`,
      "Use another id, or remove id to get a new one.",
      { id }
    )
  )

/** Rejects an id whose task the database has lost while its processes are alive. */
export const orphanIsAlive = (id: string, alive: ReadonlyArray<string>): Problem =>
  problem(
    "TaskAlreadyRunning",
    `task ${id} is missing from the database, but its processes are alive: ${alive.join(", ")}`,
    sentence`Kill them by their pids, or use another id. ${callOf("doctor")} shows more.`,
    { id, alive }
  )
