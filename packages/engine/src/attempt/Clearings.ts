/**
 * Which queued tasks still have leftover processes of an earlier attempt. These are stopped before
 * the next attempt takes a slot.
 */
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * A task before its next attempt: its search is requested or under way, its leftover processes are
 * being stopped, or it has none.
 */
export type Clearing =
  | { readonly kind: "requested"; readonly task: Task }
  | { readonly kind: "searching"; readonly task: Task }
  | { readonly kind: "stopping"; readonly since: number; readonly killAt: number }
  | { readonly kind: "clear" }

/** The state of each task, in memory. A later engine searches again. */
export class Clearings extends Context.Service<
  Clearings,
  {
    /**
     * Whether the task's next attempt may be opened. If the task is unknown, the call requests a
     * search and returns false.
     */
    readonly isClear: (task: Task) => boolean
    /** The tasks whose search is requested. Returns each task once. */
    readonly takeRequested: () => ReadonlyArray<Task>
    /** How many tasks are not clear yet. */
    readonly count: () => number
    readonly find: (id: string) => Clearing | null
    readonly set: (id: string, clearing: Clearing) => void
    readonly forget: (id: string) => void
  }
>()("@backbeat/engine/Clearings") {}

const make = Effect.sync(() => {
  const all = new Map<string, Clearing>()
  return Clearings.of({
    isClear: (task) => {
      if (task.state.attempt === 1) return true
      const known = all.get(task.id)
      if (known === undefined) all.set(task.id, { kind: "requested", task })
      return known?.kind === "clear"
    },
    takeRequested: () => {
      const requested = [...all.values()].flatMap((each) =>
        each.kind === "requested" ? [each.task] : []
      )
      for (const task of requested) all.set(task.id, { kind: "searching", task })
      return requested
    },
    count: () => [...all.values()].filter(({ kind }) => kind !== "clear").length,
    find: (id) => all.get(id) ?? null,
    set: (id, clearing) => void all.set(id, clearing),
    forget: (id) => void all.delete(id)
  })
})

/** Starts with no task. */
export const layerClearings = Layer.effect(Clearings, make)
