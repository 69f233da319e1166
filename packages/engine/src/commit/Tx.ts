/** The changes of one transaction: each is decided, applied and recorded. */
import type { Actor } from "@backbeat/core/task/Actor"
import { decide, type IllegalTransition, spawned } from "@backbeat/core/task/decide"
import { created, evolve } from "@backbeat/core/task/evolve"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import type { DependencyState } from "@backbeat/core/graph/resolveDependents"
import { dependency } from "@backbeat/core/task/Actor"
import type { Lineage, Owner, TaskSpec } from "@backbeat/core/task/TaskSpec"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Change, TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { withLeftovers } from "../attempt/leftover.ts"

/** What became of one task in a commit: the task after it, and one event that led there. */
export interface Committed {
  readonly task: Task
  readonly recorded: RecordedTaskEvent
}

/** A task that is to be. */
export interface NewTask {
  readonly id: string
  readonly spec: TaskSpec
  readonly owner: Owner
  readonly lineage: Lineage
}

/** A commit under way. */
export interface Tx {
  readonly now: number
  /** Adds a task: queued, blocked while it waits for others, withdrawn when it would wait in vain. */
  readonly create: (
    made: NewTask,
    standing: DependencyState,
    actor: Actor
  ) => Effect.Effect<Task, StoreError>
  /** Changes a task as `decide` says. */
  readonly change: (
    task: Task,
    command: TaskCommand,
    actor: Actor
  ) => Effect.Effect<Task, IllegalTransition | StoreError>
  /** What a command does to a task, for `record`. */
  readonly decide: (
    task: Task,
    command: TaskCommand,
    actor: Actor
  ) => Effect.Effect<Change, IllegalTransition>
  /** Records what was decided, many tasks at once. What those wait for stays as it is. */
  readonly record: (changes: ReadonlyArray<Change>) => Effect.Effect<void, StoreError>
  /** Begins another attempt of a task: queued, blocked or withdrawn as `create` does for a new one. */
  readonly restart: (
    task: Task,
    anew: {
      readonly spec: TaskSpec | null
      readonly reason: string | null
      readonly owner?: Owner
      readonly lineage?: Lineage
    },
    standing: DependencyState,
    actor: Actor
  ) => Effect.Effect<Task, IllegalTransition | StoreError>
}

type Store = TaskStore["Service"]

const isBlocked = ({ waitsFor, failure }: DependencyState): boolean =>
  failure !== null || waitsFor.length > 0

/** What a transaction's changes are made with. */
export interface Beginning {
  readonly store: Store
  readonly root: string
  /** The instant of the changes (epoch ms). */
  readonly now: number
  /** What is recorded is appended here. */
  readonly committed: Array<Committed>
  /** When the task's current attempt was spawned (epoch ms), where that is known: the row learns it with its next change. */
  readonly spawnedAt: (task: Task) => number | null
}

/** Begins a transaction's changes. */
export const beginTx = ({ store, root, now, committed, spawnedAt }: Beginning): Tx => {
  const record = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
    const recorded = yield* store.record(changes)
    const tasks = changes.flatMap(({ task, events }) => events.map(() => task))
    for (const [index, each] of recorded.entries()) {
      const task = tasks[index]
      if (task !== undefined) committed.push({ task, recorded: each })
    }
  })
  const decided: Tx["decide"] = (stored, command, actor) => {
    const task = spawned(stored, spawnedAt(stored))
    return Effect.fromResult(
      Result.map(decide(command, task, now), (events) => ({
        task: events.reduce((state, event) => evolve(state, event, { at: now, actor }), task),
        events,
        at: now,
        actor
      }))
    )
  }
  const change: Tx["change"] = Effect.fnUntraced(function* (task, command, actor) {
    const its = yield* decided(task, command, actor)
    if (its.events.length === 0) return task
    yield* record([its])
    if (task.state.status === "blocked")
      yield* store.deleteWaits({ ended: [], withdrawn: [task.id] }, [])
    return its.task
  })
  /** What a blocked task waits for, or why it waits in vain. */
  const stand = Effect.fnUntraced(function* (task: Task, { waitsFor, failure }: DependencyState) {
    if (failure !== null)
      return yield* change(
        task,
        { type: "Withdraw", failure, leftover: withLeftovers(root, [task]).has(task.id) },
        dependency
      )
    yield* store.waitFor(task.id, waitsFor)
    return task
  })
  return {
    now,
    change,
    decide: decided,
    record,
    create: Effect.fnUntraced(function* ({ id, spec, owner, lineage }, standing, actor) {
      const event = {
        type: "task.created",
        spec,
        owner,
        lineage,
        blocked: isBlocked(standing)
      } as const
      const task = created(id, event, now)
      yield* record([{ task, events: [event], at: now, actor }])
      return isBlocked(standing)
        ? yield* Effect.catchTag(stand(task, standing), "IllegalTransition", Effect.die)
        : task
    }),
    restart: Effect.fnUntraced(function* (task, anew, standing, actor) {
      const begun = yield* change(
        task,
        { type: "Restart", ...anew, blocked: isBlocked(standing) },
        actor
      )
      return isBlocked(standing) ? yield* stand(begun, standing) : begun
    })
  }
}
