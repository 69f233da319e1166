/** The dependencies that blocked tasks still wait for, in memory. */
import type { Dependency, DependencyCondition } from "@backbeat/core/task/Dependency"
import type { DeletedWaits } from "../TaskStore.ts"
import type { Journal } from "./Journal.ts"

/** Waits by dependent (`of`) and by dependency (`on`). */
export interface Waits {
  readonly set: (id: string, dependencies: ReadonlyArray<Dependency>) => void
  readonly of: (id: string) => ReadonlyArray<Dependency>
  readonly on: (ids: ReadonlySet<string>) => ReadonlyArray<{
    readonly id: string
    readonly dependency: string
    readonly on: DependencyCondition
  }>
  readonly delete: (deleted: DeletedWaits) => void
}

/** Creates an empty set of waits. */
export const makeWaits = (journal: Journal): Waits => {
  const all = new Map<string, ReadonlyArray<Dependency>>()
  const dependents = new Map<string, Set<string>>()
  const put = (id: string, dependencies: ReadonlyArray<Dependency>): void => {
    for (const { task } of of(id)) dependents.get(task)?.delete(id)
    for (const { task } of dependencies)
      dependents.set(task, (dependents.get(task) ?? new Set()).add(id))
    all.set(id, dependencies)
  }
  const of = (id: string): ReadonlyArray<Dependency> => all.get(id) ?? []
  const set = (id: string, dependencies: ReadonlyArray<Dependency>): void => {
    const before = of(id)
    journal.onRollback(() => put(id, before))
    put(id, dependencies)
  }
  const waitingFor = (task: string): ReadonlyArray<string> => [...(dependents.get(task) ?? [])]
  return {
    of,
    set,
    on: (ids) =>
      [...ids].flatMap((task) =>
        waitingFor(task).flatMap((id) =>
          of(id).flatMap((each) =>
            each.task === task ? [{ id, dependency: task, on: each.on }] : []
          )
        )
      ),
    delete: ({ ended, withdrawn }) => {
      for (const id of withdrawn) set(id, [])
      const endedIds = new Set(ended)
      for (const id of new Set(ended.flatMap(waitingFor)))
        set(
          id,
          of(id).filter(({ task }) => !endedIds.has(task))
        )
    }
  }
}
