/** Releases or withdraws what depends on tasks that ended, on and on: in the same transaction as the ends. */
import { dependencyFailure, resolveDependents } from "@backbeat/core/graph/resolveDependents"
import { dependency } from "@backbeat/core/task/Actor"
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

/** What the ends of one wave do: whose waits they fulfil, and who waits in vain, for which failure. */
const settleAll = (ended: ReadonlyArray<Task>, dependents: ReadonlyArray<DependentTask>) => {
  const byDependency = Map.groupBy(dependents, (each) => each.dependency)
  const met = new Map<string, Task>()
  const broken = new Map<string, { readonly task: Task; readonly failure: Failure }>()
  for (const task of ended) {
    const its = new Map(byDependency.get(task.id)?.map((each) => [each.task.id, each]))
    const settled = resolveDependents(
      task,
      [...its.values()].map((each) => ({ id: each.task.id, on: each.on }))
    )
    for (const { task: dependent } of settled.satisfied.flatMap((id) => its.get(id) ?? []))
      met.set(dependent.id, dependent)
    for (const { task: dependent } of settled.unsatisfiable.flatMap((id) => its.get(id) ?? [])) {
      if (!broken.has(dependent.id))
        broken.set(dependent.id, { task: dependent, failure: dependencyFailure(task) })
    }
  }
  return { met, broken }
}

/** The rule that settles the dependents of what a transaction has ended so far, and of what that ends. */
export const makeResolveDependents = Effect.gen(function* () {
  const store = yield* TaskStore
  const { root } = yield* Home

  /** Whose waits are fulfilled, and who is withdrawn, wave by wave. Nothing is recorded yet: a long chain is one write. */
  const follow = Effect.fnUntraced(function* (tx: Tx, ended: ReadonlyArray<Task>) {
    const met = new Map<string, Task>()
    const withdrawals = new Map<string, Change>()
    for (let wave = ended; wave.length > 0;) {
      const dependents = yield* store.dependents(wave.map(({ id }) => id))
      const settled = settleAll(
        wave,
        dependents.filter(({ task }) => !withdrawals.has(task.id))
      )
      for (const [id, task] of settled.met) met.set(id, task)
      const broken = [...settled.broken.values()]
      const leftover = withLeftovers(
        root,
        broken.map(({ task }) => task)
      )
      const next = yield* Effect.forEach(broken, ({ task, failure }) =>
        tx.decide(task, { type: "Withdraw", failure, leftover: leftover.has(task.id) }, dependency)
      )
      for (const change of next) withdrawals.set(change.task.id, change)
      // What has left processes ends when they are gone.
      wave = next.flatMap(({ task }) => (isFinal(task.state.status) ? [task] : []))
    }
    return { met, withdrawals }
  })

  const settleThem = Effect.fnUntraced(function* (tx: Tx, ended: ReadonlyArray<Task>) {
    const { met, withdrawals } = yield* follow(tx, ended)
    if (met.size === 0 && withdrawals.size === 0) return
    const withdrawn = [...withdrawals.keys()]
    const over = [...withdrawals.values()].flatMap(({ task }) =>
      isFinal(task.state.status) ? [task.id] : []
    )
    const hopeful = [...met.keys()].filter((id) => !withdrawals.has(id))
    const free = yield* store.deleteWaits(
      { ended: [...ended.map(({ id }) => id), ...over], withdrawn },
      hopeful
    )
    const releases = yield* Effect.forEach(
      free.flatMap((id) => met.get(id) ?? []),
      (task) => tx.decide(task, { type: "Release" }, dependency)
    )
    // A task may be released by a withdrawal: cause before effect.
    yield* tx.record([...withdrawals.values(), ...releases])
  })

  const rule: CommitRule = (tx, committed) => {
    const ended = committed.filter(ends).map(({ task }) => task)
    return ended.length === 0
      ? Effect.void
      : Effect.catchTag(settleThem(tx, ended), "IllegalTransition", Effect.die)
  }
  return rule
})
