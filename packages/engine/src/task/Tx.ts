/** The changes of one transaction: each is decided, applied and recorded. */
import type { Actor } from "@backbeat/core/task/Actor"
import { decide, type IllegalTransition } from "@backbeat/core/task/decide"
import { created, evolve } from "@backbeat/core/task/evolve"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskCommand } from "@backbeat/core/task/TaskCommand"
import type { RecordedEvent, TaskEvent } from "@backbeat/core/task/TaskEvent"
import type { Owner, TaskSpec } from "@backbeat/core/task/TaskSpec"
import type { StoreError } from "@backbeat/store/StoreError"
import type { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

/** What became of one task in a commit: the task after it, and one event that led there. */
export interface Committed {
  readonly task: Task
  readonly recorded: RecordedEvent
}

/** A commit under way. */
export interface Tx {
  readonly now: number
  /** Adds a task, queued. */
  readonly create: (id: string, spec: TaskSpec, owner: Owner, actor: Actor) => Effect.Effect<Task, StoreError>
  /** Changes a task as `decide` says. */
  readonly change: (
    task: Task,
    command: TaskCommand,
    actor: Actor
  ) => Effect.Effect<Task, IllegalTransition | StoreError>
}

/** Begins a transaction's changes at an instant (epoch ms); what is recorded is appended to `committed`. */
export const beginTx = (store: TaskStore["Service"], now: number, committed: Array<Committed>): Tx => {
  const record = (task: Task, events: ReadonlyArray<TaskEvent>, actor: Actor) =>
    Effect.map(store.record([{ task, events, at: now, actor }]), (recorded) => {
      for (const each of recorded) committed.push({ task, recorded: each })
      return task
    })
  return {
    now,
    create: (id, spec, owner, actor) => {
      const event = { type: "task.created", spec, owner, blocked: false } as const
      return record(created(id, event, now), [event], actor)
    },
    change: (task, command, actor) => {
      const decision = decide(command, task, now)
      if (Result.isFailure(decision)) return Effect.fail(decision.failure)
      const events = decision.success
      if (events.length === 0) return Effect.succeed(task)
      const next = events.reduce((state, event) => evolve(state, event, { at: now, actor }), task)
      return record(next, events, actor)
    }
  }
}
