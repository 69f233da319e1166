/** The changes that one transaction makes to tasks. Each is decided, applied and recorded. */
import type { Actor } from "@backbeat/core/history/Actor"
import { decide, type IllegalTransition, withSpawnTime } from "@backbeat/core/task/decide"
import { created, evolve } from "@backbeat/core/task/evolve"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import type { RecordedTaskEvent } from "@backbeat/core/history/RecordedEvent"
import type { DependencyState } from "@backbeat/core/graph/resolveDependents"
import { dependency } from "@backbeat/core/history/Actor"
import type { Lineage, TaskSpec } from "@backbeat/core/task/TaskSpec"
import type { Owner } from "@backbeat/core/identity/Owner"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Change, TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { withLeftovers } from "../attempt/leftover.ts"

/** One event of a commit, and the task after it. */
export interface Committed {
  readonly task: Task
  readonly recorded: RecordedTaskEvent
}

/** A task to create. */
export interface NewTask {
  readonly id: string
  readonly spec: TaskSpec
  readonly owner: Owner
  readonly lineage: Lineage
}

/** A transaction on tasks. */
export interface Tx {
  readonly now: number
  /**
   * Creates a task: queued, blocked on dependencies, or cancelled because one of them can never be
   * satisfied.
   */
  readonly create: (
    task: NewTask,
    dependencies: DependencyState,
    actor: Actor
  ) => Effect.Effect<Task, StoreError>
  /** Runs a command on a task. */
  readonly change: (
    task: Task,
    command: TaskCommand,
    actor: Actor
  ) => Effect.Effect<Task, IllegalTransition | StoreError>
  /** Decides a command without recording it; see `record`. */
  readonly decide: (
    task: Task,
    command: TaskCommand,
    actor: Actor
  ) => Effect.Effect<Change, IllegalTransition>
  /**
   * Records decided changes, many tasks at once. Does not change the stored dependencies of these
   * tasks.
   */
  readonly record: (changes: ReadonlyArray<Change>) => Effect.Effect<void, StoreError>
  /** Starts another attempt of a task: queued, blocked or cancelled, like `create`. */
  readonly restart: (
    task: Task,
    changes: {
      readonly spec: TaskSpec | null
      readonly reason: string | null
      readonly owner?: Owner
      readonly lineage?: Lineage
    },
    dependencies: DependencyState,
    actor: Actor
  ) => Effect.Effect<Task, IllegalTransition | StoreError>
}

type Store = TaskStore["Service"]

const isBlocked = ({ waitsFor, failure }: DependencyState): boolean =>
  failure !== null || waitsFor.length > 0

/** What the changes of a transaction need. */
export interface Beginning {
  readonly store: Store
  readonly root: string
  /** The instant of the changes (epoch ms). */
  readonly now: number
  /** Recorded events are appended here. */
  readonly committed: Array<Committed>
  /**
   * When the task's current attempt was spawned (epoch ms); null if unknown. The next change of the
   * task stores it.
   */
  readonly spawnedAt: (task: Task) => number | null
}

/** Begins the changes of a transaction. */
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
    const task = withSpawnTime(stored, spawnedAt(stored))
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
    const decidedChange = yield* decided(task, command, actor)
    if (decidedChange.events.length === 0) return task
    yield* record([decidedChange])
    if (task.state.status === "blocked")
      yield* store.deleteWaits({ ended: [], withdrawn: [task.id] }, [])
    return decidedChange.task
  })
  /**
   * Stores the dependencies of a blocked task, or cancels it if one of them can never be satisfied.
   */
  const applyDependencies = Effect.fnUntraced(function* (
    task: Task,
    { waitsFor, failure }: DependencyState
  ) {
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
    create: Effect.fnUntraced(function* ({ id, spec, owner, lineage }, dependencies, actor) {
      const event = {
        type: "task.created",
        spec,
        owner,
        lineage,
        blocked: isBlocked(dependencies)
      } as const
      const task = created(id, event, now)
      yield* record([{ task, events: [event], at: now, actor }])
      return isBlocked(dependencies)
        ? yield* Effect.catchTag(
            applyDependencies(task, dependencies),
            "IllegalTransition",
            Effect.die
          )
        : task
    }),
    restart: Effect.fnUntraced(function* (task, changes, dependencies, actor) {
      const restarted = yield* change(
        task,
        { type: "Restart", ...changes, blocked: isBlocked(dependencies) },
        actor
      )
      return isBlocked(dependencies) ? yield* applyDependencies(restarted, dependencies) : restarted
    })
  }
}
