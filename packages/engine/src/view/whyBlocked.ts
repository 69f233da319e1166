/**
 * Explains dependencies: what a blocked task waits for, down to the task that delays all of them;
 * the root cause of a cancellation; and what must be restarted first.
 */
import { callOf, sentence, type Text } from "@backbeat/contract/Text"
import type { Output } from "@backbeat/contract/table"
import { isSatisfied } from "@backbeat/core/graph/resolveDependents"
import type { Dependency, DependencyCondition } from "@backbeat/core/task/Dependency"
import { describeFailure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import { endedAt } from "@backbeat/core/task/TaskState"
import type { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { actorName } from "../call/actorName.ts"
import { iso } from "./taskAnswer.ts"
import { maxListedIds } from "./View.ts"

interface Explanation extends Omit<Output<"why">, "status" | "next"> {
  readonly next: Text | null
}
type Reason = Explanation["because"][number]

const needs: Readonly<Record<DependencyCondition, string>> = {
  success: "the success of",
  failure: "the failure of",
  end: "the end of"
}

/** How many dependencies of a task are listed. */
const maxWaits = 10
/** How far a chain of blocked tasks is followed. */
const maxDepth = 100

/** Since when a task has its status. */
export const sinceOf = ({ state, createdAt }: Task): string => {
  if (state.status === "cancelled") return iso(state.endedAt)
  if ("end" in state && state.end !== null) return iso(state.end.endedAt)
  return iso(
    "since" in state
      ? state.since
      : "startedAt" in state
        ? (state.startedAt ?? createdAt)
        : createdAt
  )
}

const waitReason = (
  waiting: string,
  { task: id, on }: Dependency,
  dependency: Task | null,
  since: string
): Reason => ({
  what: `${waiting} waits for ${needs[on]} ${id}, which is ${dependency?.state.status ?? "gone"}`,
  since
})

/** Whether a task was started again after an instant (epoch ms). */
const wasRestarted = ({ state }: Task, after: number): boolean => {
  const at = endedAt(state)
  return at === null || at > after
}

/**
 * How the root cause of a cancellation ended, or its current state if it was started again since
 * the cancellation (epoch ms).
 */
const describeRootCause = (task: Task, withdrawnAt: number): Reason => {
  const { id, state } = task
  const since = sinceOf(task)
  const subject = wasRestarted(task, withdrawnAt) ? `${id} was started again since, and` : id
  const failure = "failure" in state ? state.failure : null
  if (failure !== null) return { what: `${subject} ${describeFailure(failure)}`, since }
  if (state.status !== "cancelled") return { what: `${subject} is ${state.status}`, since }
  const reason = state.reason === null ? "" : `: ${state.reason}`
  const what = `${subject} was cancelled by ${actorName(state.by)}${reason}`
  return { what, since, actor: state.by }
}

/** A pruned task, and the task that cannot run again without it. */
interface Missing {
  readonly by: string
  readonly id: string
}

/**
 * How to restart a task: after these dependencies, in this order, or that one of them was pruned.
 */
const restartHint = (
  id: string,
  [first, ...others]: ReadonlyArray<string>,
  missing: Missing | null
): Text => {
  if (missing !== null)
    return `${missing.by} depends on ${missing.id}, which was removed. Start ${missing.id} again before a restart, or start ${id} again without it.`
  if (first === undefined) return sentence`Use ${callOf("restart")} to run it again.`
  const ids = [first, ...others, id]
  const alone = `Restarting it alone would cancel it again, because of ${others.at(-1) ?? first}.`
  return ids.length > maxListedIds
    ? `${alone} Restart its dependencies first, beginning with ${first}.`
    : sentence`${alone} Restart its dependencies with it: ${callOf("restart", ids)}`
}

/** Builds the explanations. Fails with StoreError. */
export const makeWhyBlocked = Effect.gen(function* () {
  const store = yield* TaskStore

  /** Follows the first dependency of each blocked task to one that is not blocked. */
  const rootOf = Effect.fnUntraced(function* (from: Task) {
    const path: Array<Reason> = []
    let task = from
    for (let depth = 0; depth < maxDepth && task.state.status === "blocked"; depth++) {
      const [wait] = yield* store.waitsOf(task.id)
      const next: Task | null = wait === undefined ? null : yield* store.find(wait.task)
      if (wait === undefined || next === null) break
      if (depth > 0) path.push(waitReason(task.id, wait, next, sinceOf(task)))
      task = next
    }
    return { path, root: task }
  })

  /** Explains what a blocked task waits for. */
  const explainBlocked = Effect.fnUntraced(function* (task: Task) {
    const waits = yield* store.waitsOf(task.id)
    const since = sinceOf(task)
    const because = yield* Effect.forEach(waits.slice(0, maxWaits), (wait) =>
      Effect.map(store.find(wait.task), (dependency) => waitReason("it", wait, dependency, since))
    )
    const { path, root } = yield* rootOf(task)
    const more =
      waits.length > maxWaits
        ? [{ what: `it waits for ${waits.length - maxWaits} more tasks`, since }]
        : []
    return {
      because: [...because, ...more, ...path],
      next: sentence`It can start when its dependencies are satisfied. It waits for ${root.id}, which is ${root.state.status}: ${callOf("why", { id: root.id })}`
    } satisfies Explanation
  })

  /**
   * The dependencies that must run again before an ended task can, each after its own; `missing` is
   * the first that was pruned.
   */
  const neededFirst = Effect.fnUntraced(function* (task: Task) {
    const needed = new Set<string>()
    const seen = new Set<string>()
    let missing: Missing | null = null
    const visit = (from: Task): Effect.Effect<void, StoreError> =>
      Effect.forEach(
        from.spec.dependsOn,
        Effect.fnUntraced(function* ({ task: id, on }: Dependency) {
          if (seen.has(id) || seen.size >= maxDepth) return
          seen.add(id)
          const dependency = yield* store.find(id)
          if (dependency === null) missing ??= { by: from.id, id }
          if (dependency === null || isSatisfied(on, dependency.state) !== false) return
          yield* visit(dependency)
          needed.add(id)
        }),
        { discard: true }
      )
    yield* visit(task)
    return { needed: [...needed], missing }
  })

  /** How to run an ended task again. */
  const explainAgain = (task: Task) =>
    Effect.map(neededFirst(task), ({ needed, missing }) => restartHint(task.id, needed, missing))

  /** Explains the root cause of a cancellation because of a dependency; empty for other tasks. */
  const explainWithdrawn = Effect.fnUntraced(function* ({ state }: Task) {
    if (state.status !== "cancelled" || state.failure?.type !== "DependencyFailed") return []
    const { taskId, through } = state.failure
    const root = yield* store.find(taskId)
    if (root === null) return []
    const intermediate =
      through === undefined
        ? []
        : [
            {
              what: `it waited for ${through}, which was cancelled for the same reason`,
              since: iso(state.endedAt)
            }
          ]
    return [...intermediate, describeRootCause(root, state.endedAt)] satisfies ReadonlyArray<Reason>
  })

  return { explainBlocked, explainWithdrawn, explainAgain }
})
