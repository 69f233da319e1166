/**
 * Makes transitions: decides, appends the events, writes the rows, applies the commit rules and
 * commits. Only then it calls the listeners. Commits do not overlap; listeners are called in the
 * order of the commits.
 */
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
import type { Actor } from "@backbeat/core/history/Actor"
import type { IllegalTransition } from "@backbeat/core/task/decide"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import type { StoreError } from "@backbeat/store/StoreError"
import { Database } from "@backbeat/store/Database"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { Home } from "../home/Home.ts"
import { applyRules, CommitRules, type FullTx, makeSlotSignal } from "./CommitRules.ts"
import { beginAggregateTx, type ChangedAggregate } from "./AggregateTx.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { beginTx, type Committed } from "./Tx.ts"

/** No task has this id. */
export class TaskMissing extends Data.TaggedError("TaskMissing")<{ readonly id: string }> {}

/**
 * Called after each commit, once it is durable, with its tasks and its other aggregates. Must not
 * throw.
 */
export type CommitListener = (
  commit: ReadonlyArray<Committed>,
  changed: ReadonlyArray<ChangedAggregate>
) => void

/** The only way to change tasks. */
export class Transitions extends Context.Service<
  Transitions,
  {
    /** Runs the body and the commit rules in one transaction, commits, and then calls the listeners. */
    readonly commit: <A, E>(
      body: (tx: FullTx) => Effect.Effect<A, E>
    ) => Effect.Effect<A, E | StoreError>
    /**
     * Starts the tasks that may start now, after a change outside of the store. Writes nothing if
     * none can start.
     */
    readonly fillSlots: Effect.Effect<void, StoreError>
    /** Like `commit`, but calls no listener. So no process outside is notified either. */
    readonly commitSilently: <A, E>(
      body: (tx: FullTx) => Effect.Effect<A, E>
    ) => Effect.Effect<A, E | StoreError>
    /**
     * Like `commit`, but rolls everything back: nothing is stored or started, and no listener is
     * called.
     */
    readonly dryRun: <A, E>(
      body: (tx: FullTx) => Effect.Effect<A, E>
    ) => Effect.Effect<A, E | StoreError>
    /** Runs one command on one task. */
    readonly apply: (
      id: string,
      command: TaskCommand,
      actor: Actor
    ) => Effect.Effect<Task, TaskMissing | IllegalTransition | StoreError>
    /** Adds a listener. The returned function removes it. */
    readonly onCommit: (listener: CommitListener) => () => void
    /**
     * Adds a listener for one task. A commit calls only the listeners of its tasks, because many
     * callers may wait.
     */
    readonly onTask: (id: string, listener: (task: Task) => void) => () => void
    /** Adds a listener for one aggregate of another kind. */
    readonly onChange: (kind: AggregateKind, id: string, listener: () => void) => () => void
  }
>()("@backbeat/engine/Transitions") {}

/** Listeners by key. */
const makeListeners = <A>() => {
  const byKey = new Map<string, Set<(changed: A) => void>>()
  return {
    notify: (key: string, changed: A): void => {
      for (const listener of byKey.get(key) ?? []) listener(changed)
    },
    on: (key: string, listener: (changed: A) => void): (() => void) => {
      const listeners = byKey.get(key) ?? new Set()
      byKey.set(key, listeners.add(listener))
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) byKey.delete(key)
      }
    }
  }
}

const keyOf = (kind: AggregateKind, id: string): string => `${kind} ${id}`

/** Creates transactions over all aggregates. */
const makeBegin = Effect.gen(function* () {
  const store = yield* TaskStore
  const aggregates = yield* AggregateStore
  const monitored = yield* MonitoredAttempts
  const { root } = yield* Home
  return (
    now: number,
    committed: Array<Committed> = [],
    changed: Array<ChangedAggregate> = []
  ): FullTx => ({
    ...beginTx({ store, root, now, committed, spawnedAt: monitored.startedAt }),
    ...beginAggregateTx(aggregates, now, changed),
    ...makeSlotSignal()
  })
})

/** Runs transactions and rolls them back. */
const makeDryRun =
  (
    database: Database["Service"],
    begin: (now: number) => FullTx,
    lock: Semaphore.Semaphore
  ): Transitions["Service"]["dryRun"] =>
  <A, E>(body: (tx: FullTx) => Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const tx = begin(yield* Clock.currentTimeMillis)
      const outcome: Array<Exit.Exit<A, E>> = []
      const run = Effect.map(Effect.exit(body(tx)), (exit) => outcome.push(exit))
      const rolledBack = yield* lock.withPermit(
        Effect.flip(database.transact(Effect.andThen(run, Effect.fail("dry run" as const))))
      )
      if (rolledBack !== "dry run") return yield* rolledBack
      const [exit] = outcome
      return yield* exit ?? Effect.die("a dry run without an outcome")
    })

/** Runs transactions one after the other. Calls `notify` when a commit is durable. */
const makeCommitAndNotify = Effect.gen(function* () {
  const database = yield* Database
  const begin = yield* makeBegin
  const rules = yield* CommitRules
  const lock = yield* Semaphore.make(1)

  const commitAndNotify =
    (
      notify: (
        committed: ReadonlyArray<Committed>,
        changed: ReadonlyArray<ChangedAggregate>
      ) => void
    ) =>
    <A, E>(body: (tx: FullTx) => Effect.Effect<A, E>): Effect.Effect<A, E | StoreError> =>
      Effect.uninterruptible(
        lock.withPermit(
          Effect.gen(function* () {
            const committed: Array<Committed> = []
            const changed: Array<ChangedAggregate> = []
            const answer = yield* database.transact(
              Effect.gen(function* () {
                const now = yield* Clock.currentTimeMillis
                const tx = begin(now, committed, changed)
                const result = yield* body(tx)
                yield* applyRules(rules, tx, committed, changed)
                return result
              })
            )
            notify(committed, changed)
            return answer
          })
        )
      )
  return { commitAndNotify, dryRun: makeDryRun(database, begin, lock) }
})

const make = Effect.gen(function* () {
  const store = yield* TaskStore
  const { commitAndNotify, dryRun } = yield* makeCommitAndNotify
  const commitListeners = new Set<CommitListener>()
  const taskListeners = makeListeners<Task>()
  const otherListeners = makeListeners<void>()

  const commit = commitAndNotify((committed, changed) => {
    for (const listener of commitListeners) listener(committed, changed)
    for (const { task } of committed) taskListeners.notify(task.id, task)
    for (const { kind, id } of changed) otherListeners.notify(keyOf(kind, id))
  })

  const apply = (id: string, command: TaskCommand, actor: Actor) =>
    commit((tx) =>
      Effect.gen(function* () {
        const task = yield* store.find(id)
        if (task === null) return yield* new TaskMissing({ id })
        return yield* tx.change(task, command, actor)
      })
    )

  return Transitions.of({
    commit,
    fillSlots: commit((tx) => Effect.sync(tx.fillSlots)),
    commitSilently: commitAndNotify(() => undefined),
    dryRun,
    apply,
    onCommit: (listener) => {
      commitListeners.add(listener)
      return () => void commitListeners.delete(listener)
    },
    onTask: taskListeners.on,
    onChange: (kind, id, listener) => otherListeners.on(keyOf(kind, id), listener)
  })
})

/** Transitions on the store. */
export const layerTransitions = Layer.effect(Transitions, make)
