/** What the end of a task does to those that wait for it. */
import type { Dependency, DependencyCondition } from "../task/Dependency.ts"
import type { Failure } from "../task/Failure.ts"
import type { Task } from "../task/Task.ts"
import type { TaskState } from "../task/TaskState.ts"

/**
 * Whether a state is the end that is needed; null while it may still become so. What was withdrawn because something failed before
 * it counts as a failure, what somebody cancelled is neither success nor failure.
 */
export const isSatisfied = (needed: DependencyCondition, state: TaskState): boolean | null => {
  switch (state.status) {
    case "completed":
      return needed !== "failure"
    case "failed":
      return needed !== "success"
    case "cancelled":
      return (
        needed === "end" || (needed === "failure" && state.failure?.type === "DependencyFailed")
      )
    default:
      return null
  }
}

/** Why a task is withdrawn whose dependency ended otherwise than needed: names where it began, and the dependency itself where that is another. */
export const dependencyFailure = ({ id, state }: Task): Failure => {
  const failure = state.status === "cancelled" ? state.failure : null
  return failure?.type === "DependencyFailed"
    ? { type: "DependencyFailed", taskId: failure.taskId, through: id }
    : { type: "DependencyFailed", taskId: id }
}

/** One that waits for a task, and for which end of it. */
export interface Dependent {
  readonly id: string
  readonly on: DependencyCondition
}

/** Of those that waited for a task: whose wait for it is over, and who waits in vain. */
export interface ResolvedDependents {
  readonly met: ReadonlyArray<string>
  readonly broken: ReadonlyArray<string>
}

/** Settles those that wait for a task that has ended. None of them is left out. */
export const resolveDependents = (
  { state }: Task,
  dependents: ReadonlyArray<Dependent>
): ResolvedDependents => ({
  met: dependents.filter(({ on }) => isSatisfied(on, state) === true).map(({ id }) => id),
  broken: dependents.filter(({ on }) => isSatisfied(on, state) === false).map(({ id }) => id)
})

/** Where a new task stands: what it still waits for, and why it can never run, null while it can. */
export interface DependencyState {
  readonly waitsFor: ReadonlyArray<Dependency>
  readonly broken: Failure | null
}

/** Where a task stands whose dependencies are these tasks now. */
export const checkDependencies = (
  dependencies: ReadonlyArray<{ readonly task: Task; readonly on: DependencyCondition }>
): DependencyState => {
  const failing = dependencies.find(({ task, on }) => isSatisfied(on, task.state) === false)
  return {
    waitsFor: dependencies
      .filter(({ task, on }) => isSatisfied(on, task.state) === null)
      .map(({ task, on }) => ({ task: task.id, on })),
    broken: failing === undefined ? null : dependencyFailure(failing.task)
  }
}
