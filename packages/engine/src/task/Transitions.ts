/**
 * Makes transitions: decide, append the events, write the row, fill the free slots, commit; only then is anybody told.
 * Commits do not overlap, and listeners hear of them in their order.
 */
import type { Actor } from "@backbeat/core/task/Actor"
import { engine } from "@backbeat/core/task/Actor"
import type { IllegalTransition } from "@backbeat/core/task/decide"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import type { StoreError } from "@backbeat/store/StoreError"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { Settings } from "../home/Settings.ts"
import { slotsOf } from "./slots.ts"
import { beginTx, type Committed, type Tx } from "./Tx.ts"

/** No task has this id. */
export class TaskMissing extends Data.TaggedError("TaskMissing")<{ readonly id: string }> {}

/** Hears of every commit, after it is durable. Must not throw. */
export type CommitListener = (commit: ReadonlyArray<Committed>) => void

/** The one way to change tasks. */
export class Transitions extends Context.Service<
  Transitions,
  {
    /** Runs the body in one transaction, fills the free slots in it, commits, and then tells the listeners. */
    readonly commit: <A, E>(body: (tx: Tx) => Effect.Effect<A, E>) => Effect.Effect<A, E | StoreError>
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
  }
>()("@backbeat/engine/Transitions") {}

type TaskListener = (task: Task) => void

/** Listeners by task. */
const makeTaskListeners = () => {
  const byId = new Map<string, Set<TaskListener>>()
  return {
    tell: (task: Task): void => {
      for (const listener of byId.get(task.id) ?? []) listener(task)
    },
    onTask: (id: string, listener: TaskListener): (() => void) => {
      const its = byId.get(id) ?? new Set()
      byId.set(id, its.add(listener))
      return () => {
        if (its.delete(listener) && its.size === 0) byId.delete(id)
      }
    }
  }
}

const make = Effect.gen(function* () {
  const store = yield* TaskStore
  const settings = yield* Settings
  const lock = yield* Semaphore.make(1)
  const listeners = new Set<CommitListener>()
  const { onTask, tell } = makeTaskListeners()

  const fillSlots = Effect.fnUntraced(function* (tx: Tx) {
    const queues = yield* store.waitingQueues
    if (queues.length === 0) return
    const busy = yield* store.busy
    for (const queue of queues) {
      const free = slotsOf(settings.current(), queue) - (busy[queue] ?? 0)
      if (free <= 0) continue
      for (const task of yield* store.ready({ queue, now: tx.now, limit: Math.min(free, 1_000_000) })) {
        yield* Effect.catchTag(tx.change(task, { type: "Open" }, engine), "IllegalTransition", Effect.die)
      }
    }
  })

  const commit = <A, E>(body: (tx: Tx) => Effect.Effect<A, E>): Effect.Effect<A, E | StoreError> =>
    Effect.uninterruptible(
      lock.withPermit(
        Effect.gen(function* () {
          const committed: Array<Committed> = []
          const answer = yield* store.transact(
            Effect.gen(function* () {
              const tx = beginTx(store, yield* Clock.currentTimeMillis, committed)
              const result = yield* body(tx)
              yield* fillSlots(tx)
              return result
            })
          )
          for (const listener of listeners) listener(committed)
          for (const { task } of committed) tell(task)
          return answer
        })
      )
    )

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
    apply,
    onCommit: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onTask
  })
})

/** Transitions on the given store. */
export const layerTransitions = Layer.effect(Transitions, make)
