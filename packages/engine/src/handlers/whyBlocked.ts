/** Why a task waits for others, down to the one that holds all of them up; and with which task its withdrawal began. */
import type { Output } from "@backbeat/contract/table"
import type { Dependency, NeededEnd } from "@backbeat/core/task/Dependency"
import { describeFailure } from "@backbeat/core/task/Failure"
import type { Task } from "@backbeat/core/task/Task"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Effect from "effect/Effect"
import { iso } from "./taskAnswer.ts"

type Explanation = Omit<Output<"why">, "status">
type Reason = Explanation["because"][number]

const needs: Readonly<Record<NeededEnd, string>> = {
  success: "the success of",
  failure: "the failure of",
  end: "the end of"
}

/** More than these are not told of one task. */
const maxWaits = 10
/** Blocked tasks in a row are followed this far. */
const maxDepth = 100

/** Since when a task is in its status. */
const sinceOf = ({ state, createdAt }: Task): string => {
  if (state.status === "cancelled") return iso(state.endedAt)
  if ("end" in state && state.end !== null) return iso(state.end.endedAt)
  return iso("since" in state ? state.since : "startedAt" in state ? (state.startedAt ?? createdAt) : createdAt)
}

const waitReason = (waiting: string, { task: id, on }: Dependency, dependency: Task | null, since: string): Reason => ({
  what: `${waiting} waits for ${needs[on]} ${id}, which is ${dependency?.state.status ?? "gone"}`,
  since
})

const fateOf = ({ id, state }: Task): string => {
  const failure = "failure" in state ? state.failure : null
  return failure === null ? `${id} is ${state.status}` : `${id} ${describeFailure(failure)}`
}

/** What explaining needs, made once. Fails with StoreError. */
export const makeWhyBlocked = Effect.gen(function* () {
  const store = yield* TaskStore

  /** From a blocked task to the one that is not, by what each waits for first. */
  const rootOf = Effect.fnUntraced(function* (from: Task) {
    const path: Array<Reason> = []
    let task = from
    for (let depth = 0; depth < maxDepth && task.state.status === "blocked"; depth++) {
      const [wait] = yield* store.waitsOf(task.id)
      const next: Task | null = wait === undefined ? null : yield* store.find(wait.task)
      if (wait === undefined || next === null) break
      if (depth > 0) path.push(waitReason(task.id, wait, next, sinceOf(task)))
      task = next
    }
    return { path, root: task }
  })

  /** What a blocked task waits for. */
  const explainBlocked = Effect.fnUntraced(function* (task: Task) {
    const waits = yield* store.waitsOf(task.id)
    const since = sinceOf(task)
    const because = yield* Effect.forEach(waits.slice(0, maxWaits), (wait) =>
      Effect.map(store.find(wait.task), (dependency) => waitReason("it", wait, dependency, since))
    )
    const { path, root } = yield* rootOf(task)
    const more = waits.length > maxWaits ? [{ what: `it waits for ${waits.length - maxWaits} more`, since }] : []
    return {
      because: [...because, ...more, ...path],
      next: `It may run when what it waits for has ended as needed. That hangs on ${root.id}, which is ${root.state.status}: see why ${root.id}.`
    } satisfies Explanation
  })

  /** The failure with which a withdrawal began; nothing for other tasks. */
  const explainWithdrawn = Effect.fnUntraced(function* ({ state }: Task) {
    if (state.status !== "cancelled" || state.failure?.type !== "DependencyFailed") return []
    const { taskId, through } = state.failure
    const root = yield* store.find(taskId)
    if (root === null) return []
    const behind = through === undefined ? [] : [{ what: `it waited for ${through}, which was withdrawn for the same reason`, since: iso(state.endedAt) }]
    return [...behind, { what: fateOf(root), since: sinceOf(root) }] satisfies ReadonlyArray<Reason>
  })

  return { explainBlocked, explainWithdrawn }
})
