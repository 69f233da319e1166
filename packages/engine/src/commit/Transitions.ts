/**
 * Makes transitions: decides, appends the events, writes the rows, applies the commit rules, commits, and only then calls the listeners.
 * Commits do not overlap, and listeners hear of them in their order.
 */
import type { AggregateKind } from "@backbeat/core/history/RecordedEvent"
import type { Actor } from "@backbeat/core/task/Actor"
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
import { CommitRules, type FullTx, makeSlotSignal } from "./CommitRules.ts"
import { beginAggregateTx, type ChangedAggregate } from "./AggregateTx.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { beginTx, type Committed } from "./Tx.ts"

/** No task has this id. */
export class TaskMissing extends Data.TaggedError("TaskMissing")<{ readonly id: string }> {}

/** Hears of every commit, after it is durable: its tasks, and its other aggregates. Must not throw. */
export type CommitListener = (
  commit: ReadonlyArray<Committed>,
  changed: ReadonlyArray<ChangedAggregate>
) => void

/** The one way to change tasks. */
export class Transitions extends Context.Service<
  Transitions,
  {
    /** Runs the body and the commit rules in one transaction, commits, and then calls the listeners. */
    readonly commit: <A, E>(
      body: (tx: FullTx) => Effect.Effect<A, E>
    ) => Effect.Effect<A, E | StoreError>
    /** Opens what may start now: for what changed outside of the store. Writes nothing when nothing starts. */
    readonly fillSlots: Effect.Effect<void, StoreError>
    /** Runs the body as `commit` does, and tells nobody: neither the listeners, nor through them anybody outside. */
    readonly commitUntold: <A, E>(
      body: (tx: FullTx) => Effect.Effect<A, E>
    ) => Effect.Effect<A, E | StoreError>
    /** Runs the body as `commit` does, and takes all of it back: nothing is stored, nothing starts, nobody is told. */
    readonly rehearse: <A, E>(
      body: (tx: FullTx) => Effect.Effect<A, E>
    ) => Effect.Effect<A, E | StoreError>
    /** One command on one task. */
    readonly apply: (
      id: string,
      command: TaskCommand,
      actor: Actor
    ) => Effect.Effect<Task, TaskMissing | IllegalTransition | StoreError>
    /** Adds a listener until the returned function is called. */
    readonly onCommit: (listener: CommitListener) => () => void
    /** Adds a listener for one task: many may wait, and a commit must not ask all of them. */
    readonly onTask: (id: string, listener: (task: Task) => void) => () => void
    /** Adds a listener for one aggregate of another kind. */
    readonly onChange: (kind: AggregateKind, id: string, listener: () => void) => () => void
  }
>()("@backbeat/engine/Transitions") {}

/** Listeners by the key of what they want to hear of. */
const makeListeners = <A>() => {
  const byKey = new Map<string, Set<(changed: A) => void>>()
  return {
    tell: (key: string, changed: A): void => {
      for (const listener of byKey.get(key) ?? []) listener(changed)
    },
    on: (key: string, listener: (changed: A) => void): (() => void) => {
      const its = byKey.get(key) ?? new Set()
      byKey.set(key, its.add(listener))
      return () => {
        if (its.delete(listener) && its.size === 0) byKey.delete(key)
      }
    }
  }
}

const keyOf = (kind: AggregateKind, id: string): string => `${kind} ${id}`

/** Begins transactions of all aggregates. */
const makeBegin = Effect.gen(function* () {
  const store = yield* TaskStore
  const aggregates = yield* AggregateStore
  const lives = yield* MonitoredAttempts
  const { root } = yield* Home
  return (
    now: number,
    committed: Array<Committed> = [],
    changed: Array<ChangedAggregate> = []
  ): FullTx => ({
    ...beginTx({ store, root, now, committed, spawnedAt: lives.startedAt }),
    ...beginAggregateTx(aggregates, now, changed),
    ...makeSlotSignal()
  })
})

/** Plays transactions that are taken back. */
const makeRehearse =
  (
    database: Database["Service"],
    begin: (now: number) => FullTx,
    lock: Semaphore.Semaphore
  ): Transitions["Service"]["rehearse"] =>
  <A, E>(body: (tx: FullTx) => Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const tx = begin(yield* Clock.currentTimeMillis)
      const outcome: Array<Exit.Exit<A, E>> = []
      const played = Effect.map(Effect.exit(body(tx)), (exit) => outcome.push(exit))
      const takenBack = yield* lock.withPermit(
        Effect.flip(database.transact(Effect.andThen(played, Effect.fail("rehearsed" as const))))
      )
      if (takenBack !== "rehearsed") return yield* takenBack
      const [exit] = outcome
      return yield* exit ?? Effect.die("a rehearsal without an outcome")
    })

/** Runs transactions one after the other, and says what each came to when it is durable. */
const makeCommitAndTell = Effect.gen(function* () {
  const database = yield* Database
  const begin = yield* makeBegin
  const rules = yield* CommitRules
  const lock = yield* Semaphore.make(1)

  const commitAndTell =
    (
      tell: (committed: ReadonlyArray<Committed>, changed: ReadonlyArray<ChangedAggregate>) => void
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
                for (const rule of rules) yield* rule(tx, committed)
                return result
              })
            )
            tell(committed, changed)
            return answer
          })
        )
      )
  return { commitAndTell, rehearse: makeRehearse(database, begin, lock) }
})

const make = Effect.gen(function* () {
  const store = yield* TaskStore
  const { commitAndTell, rehearse } = yield* makeCommitAndTell
  const listeners = new Set<CommitListener>()
  const ofTasks = makeListeners<Task>()
  const ofOthers = makeListeners<void>()

  const commit = commitAndTell((committed, changed) => {
    for (const listener of listeners) listener(committed, changed)
    for (const { task } of committed) ofTasks.tell(task.id, task)
    for (const { kind, id } of changed) ofOthers.tell(keyOf(kind, id))
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
    commitUntold: commitAndTell(() => undefined),
    rehearse,
    apply,
    onCommit: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onTask: ofTasks.on,
    onChange: (kind, id, listener) => ofOthers.on(keyOf(kind, id), listener)
  })
})

/** Transitions on the given store. */
export const layerTransitions = Layer.effect(Transitions, make)
