/** Resolves dependencies: which dependents an ended task releases, and which can never run. */
import type { Dependency, DependencyCondition } from "../task/Dependency.ts"
import type { Failure } from "../task/Failure.ts"
import type { Task } from "../task/Task.ts"
import type { TaskState } from "../task/TaskState.ts"

/**
 * Whether a state satisfies a condition; null while the task has not ended. A task that was
 * cancelled because of an earlier failure counts as failed. A task that a caller cancelled is
 * neither.
 */
export const isSatisfied = (condition: DependencyCondition, state: TaskState): boolean | null => {
  switch (state.status) {
    case "completed":
      return condition !== "failure"
    case "failed":
      return condition !== "success"
    case "cancelled":
      return (
        condition === "end" ||
        (condition === "failure" && state.failure?.type === "DependencyFailed")
      )
    default:
      return null
  }
}

/**
 * The failure of a task whose dependency can never be satisfied. `taskId` is the root cause;
 * `through` is the direct dependency, if that is another task.
 */
export const dependencyFailure = ({ id, state }: Task): Failure => {
  const failure = state.status === "cancelled" ? state.failure : null
  return failure?.type === "DependencyFailed"
    ? { type: "DependencyFailed", taskId: failure.taskId, through: id }
    : { type: "DependencyFailed", taskId: id }
}

/** A task that depends on another, and the condition. */
export interface Dependent {
  readonly id: string
  readonly on: DependencyCondition
}

/** The dependents of an ended task, by id. Every dependent is in exactly one list. */
export interface ResolvedDependents {
  readonly satisfied: ReadonlyArray<string>
  readonly unsatisfiable: ReadonlyArray<string>
}

/** Splits the dependents of an ended task by whether their condition is satisfied. */
export const resolveDependents = (
  { state }: Task,
  dependents: ReadonlyArray<Dependent>
): ResolvedDependents => ({
  satisfied: dependents.filter(({ on }) => isSatisfied(on, state) === true).map(({ id }) => id),
  unsatisfiable: dependents.filter(({ on }) => isSatisfied(on, state) === false).map(({ id }) => id)
})

/** The state of a task's dependencies. `failure` is set if one of them can never be satisfied. */
export interface DependencyState {
  readonly waitsFor: ReadonlyArray<Dependency>
  readonly failure: Failure | null
}

/** The state of these dependencies. */
export const checkDependencies = (
  dependencies: ReadonlyArray<{ readonly task: Task; readonly on: DependencyCondition }>
): DependencyState => {
  const failing = dependencies.find(({ task, on }) => isSatisfied(on, task.state) === false)
  return {
    waitsFor: dependencies
      .filter(({ task, on }) => isSatisfied(on, task.state) === null)
      .map(({ task, on }) => ({ task: task.id, on })),
    failure: failing === undefined ? null : dependencyFailure(failing.task)
  }
}
