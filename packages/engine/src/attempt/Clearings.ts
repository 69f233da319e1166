/** Which queued tasks still have leftover processes of an earlier attempt: they are ended before the next attempt takes a slot. */
import type { Task } from "@backbeat/core/task/Task"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** A task before its next attempt: not looked at yet, with leftover processes that are being stopped, or clear. */
export type Clearing =
  | { readonly kind: "wanted"; readonly task: Task }
  | { readonly kind: "looking"; readonly task: Task }
  | { readonly kind: "stopping"; readonly since: number; readonly killAt: number }
  | { readonly kind: "clear" }

/** Remembers in memory how far each task is. A later engine looks again. */
export class Clearings extends Context.Service<
  Clearings,
  {
    /** Whether the task's next attempt may be opened. The first time it is asked of a task that may not, it wants a look at it. */
    readonly isClear: (task: Task) => boolean
    /** The tasks that wait for a look. Each is given once. */
    readonly takeWanted: () => ReadonlyArray<Task>
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
      if (known === undefined) all.set(task.id, { kind: "wanted", task })
      return known?.kind === "clear"
    },
    takeWanted: () => {
      const wanted = [...all.values()].flatMap((each) =>
        each.kind === "wanted" ? [each.task] : []
      )
      for (const task of wanted) all.set(task.id, { kind: "looking", task })
      return wanted
    },
    count: () => [...all.values()].filter(({ kind }) => kind !== "clear").length,
    find: (id) => all.get(id) ?? null,
    set: (id, clearing) => void all.set(id, clearing),
    forget: (id) => void all.delete(id)
  })
})

/** Knows of no task yet. */
export const layerClearings = Layer.effect(Clearings, make)
