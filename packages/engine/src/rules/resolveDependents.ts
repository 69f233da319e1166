/**
 * Releases or cancels the dependents of ended tasks, and in turn the dependents of those it
 * cancels. All in the transaction of the ends.
 */
import { dependencyFailure, resolveDependents } from "@backbeat/core/graph/resolveDependents"
import { dependency } from "@backbeat/core/history/Actor"
import type { Failure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal } from "@backbeat/core/task/TaskState"
import { type Change, type DependentTask, TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import type { CommitRule } from "../commit/CommitRules.ts"
import { withLeftovers } from "../attempt/leftover.ts"
import type { Committed, Tx } from "../commit/Tx.ts"

const ends = ({ recorded: { event } }: Committed): boolean =>
  event.type === "task.completed" || event.type === "task.failed" || event.type === "task.cancelled"

/**
 * Resolves the dependents of one wave of ended tasks: which have a dependency satisfied, and which
 * can never run, with the failure.
 */
const resolveWave = (ended: ReadonlyArray<Task>, dependents: ReadonlyArray<DependentTask>) => {
  const byDependency = Map.groupBy(dependents, (each) => each.dependency)
  const satisfied = new Map<string, Task>()
  const unsatisfiable = new Map<string, { readonly task: Task; readonly failure: Failure }>()
  for (const task of ended) {
    const dependentsById = new Map(byDependency.get(task.id)?.map((each) => [each.task.id, each]))
    const resolved = resolveDependents(
      task,
      [...dependentsById.values()].map((each) => ({ id: each.task.id, on: each.on }))
    )
    for (const { task: dependent } of resolved.satisfied.flatMap(
      (id) => dependentsById.get(id) ?? []
    ))
      satisfied.set(dependent.id, dependent)
    for (const { task: dependent } of resolved.unsatisfiable.flatMap(
      (id) => dependentsById.get(id) ?? []
    )) {
      if (!unsatisfiable.has(dependent.id))
        unsatisfiable.set(dependent.id, { task: dependent, failure: dependencyFailure(task) })
    }
  }
  return { satisfied, unsatisfiable }
}

/** The rule that resolves the dependents of all tasks that a transaction has ended. */
export const makeResolveDependents = Effect.gen(function* () {
  const store = yield* TaskStore
  const { root } = yield* Home

  /**
   * Resolves wave after wave: cancelled dependents are the next wave. Records nothing yet, so that
   * a long chain is one write.
   */
  const resolveWaves = Effect.fnUntraced(function* (tx: Tx, ended: ReadonlyArray<Task>) {
    const satisfied = new Map<string, Task>()
    const withdrawals = new Map<string, Change>()
    for (let wave = ended; wave.length > 0;) {
      const dependents = yield* store.dependents(wave.map(({ id }) => id))
      const resolved = resolveWave(
        wave,
        dependents.filter(({ task }) => !withdrawals.has(task.id))
      )
      for (const [id, task] of resolved.satisfied) satisfied.set(id, task)
      const unsatisfiable = [...resolved.unsatisfiable.values()]
      const leftover = withLeftovers(
        root,
        unsatisfiable.map(({ task }) => task)
      )
      const next = yield* Effect.forEach(unsatisfiable, ({ task, failure }) =>
        tx.decide(task, { type: "Withdraw", failure, leftover: leftover.has(task.id) }, dependency)
      )
      for (const change of next) withdrawals.set(change.task.id, change)
      // A task with leftover processes ends when they are gone.
      wave = next.flatMap(({ task }) => (isFinal(task.state.status) ? [task] : []))
    }
    return { satisfied, withdrawals }
  })

  const applyWaves = Effect.fnUntraced(function* (tx: Tx, ended: ReadonlyArray<Task>) {
    const { satisfied, withdrawals } = yield* resolveWaves(tx, ended)
    if (satisfied.size === 0 && withdrawals.size === 0) return
    const withdrawn = [...withdrawals.keys()]
    const cancelledNow = [...withdrawals.values()].flatMap(({ task }) =>
      isFinal(task.state.status) ? [task.id] : []
    )
    const candidates = [...satisfied.keys()].filter((id) => !withdrawals.has(id))
    const unblocked = yield* store.deleteWaits(
      { ended: [...ended.map(({ id }) => id), ...cancelledNow], withdrawn },
      candidates
    )
    const releases = yield* Effect.forEach(
      unblocked.flatMap((id) => satisfied.get(id) ?? []),
      (task) => tx.decide(task, { type: "Release" }, dependency)
    )
    // A cancellation may release a task, so it is recorded first.
    yield* tx.record([...withdrawals.values(), ...releases])
  })

  const rule: CommitRule = (tx, committed) => {
    const ended = committed.filter(ends).map(({ task }) => task)
    return ended.length === 0
      ? Effect.void
      : Effect.catchTag(applyWaves(tx, ended), "IllegalTransition", Effect.die)
  }
  return rule
})
