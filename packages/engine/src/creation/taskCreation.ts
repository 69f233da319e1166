/** Starts one or many payloads. Everything of one request is stored in one commit. */
import { problem, type Problem, atField } from "@backbeat/contract/Problem"
import type { Task } from "@backbeat/core/task/Task"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Home } from "../home/Home.ts"
import { Transitions } from "../commit/Transitions.ts"
import type { Tx } from "../commit/Tx.ts"
import { resultOf } from "../call/Call.ts"
import { arrange } from "./dependencies.ts"
import { type ExistingTask } from "./existing.ts"
import { storeEnvironment } from "./storeEnvironment.ts"
import { type RequestEffects, makeIdempotent } from "./idempotent.ts"
import { type Origin } from "./Origin.ts"
import { dependsOnOf } from "./shortForms.ts"
import { type Item, makeCreateTask, type CreationContext } from "./createTask.ts"

/** The result of one payload. */
export interface Started {
  readonly index: number
  readonly found?: ExistingTask | undefined
  readonly result: Result.Result<Task, Problem>
}

/** The dependencies of an item, with their paths in the payload. */
const namedDependencies = ({
  input
}: Item): ReadonlyArray<{ readonly id: string; readonly path: string }> => [
  ...dependsOnOf(input).map((each, at) => ({
    id: typeof each === "string" ? each : each.task,
    path: `dependsOn[${at}]`
  })),
  ...(input.continueFrom === undefined ? [] : [{ id: input.continueFrom, path: "continueFrom" }])
]

/**
 * Rejects an item if this call has rejected one of its dependencies. Such a dependency is neither
 * missing nor mistyped.
 */
const rejectDependent = (item: Item, rejectedIds: ReadonlyMap<string, number>): Problem | null => {
  const need = namedDependencies(item).find(({ id }) => rejectedIds.has(id))
  const rejected = need === undefined ? undefined : rejectedIds.get(need.id)
  if (need === undefined || rejected === undefined) return null
  return atField(
    need.path,
    problem(
      "DependencyNotFound",
      `${need.id} was rejected in this call`,
      `Correct item ${rejected} as its error says, then start both again.`,
      { id: need.id, item: rejected }
    )
  )
}

/** Builds a function that starts payloads. A rejected item does not affect the others. */
export const makeTaskCreation = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const createTask = yield* makeCreateTask
  const idempotent = yield* makeIdempotent
  const saveEnvironment: CreationContext["saveEnvironment"] = (id, requestId, env) =>
    Effect.asVoid(storeEnvironment(root, id, requestId, env))

  /** Records that a task existed, so that a repeated call returns the same answer. */
  const startRecorded = Effect.fnUntraced(function* (
    tx: Tx,
    item: Item,
    context: CreationContext & RequestEffects
  ) {
    const part = String(item.index)
    const found = new Map<number, ExistingTask>()
    const result = yield* resultOf(context.task(part, createTask(tx, item, { ...context, found })))
    const existing = found.get(item.index)
    if (existing !== undefined && Result.isSuccess(result))
      context.note(part, {
        id: result.success.id,
        attempt: result.success.state.attempt,
        found: existing
      })
    return {
      index: item.index,
      result,
      found: existing ?? context.before.get(part)?.found
    } satisfies Started
  })

  /**
   * Starts each item in order. An item never depends on an older task in place of one that this
   * call rejected.
   */
  const startEach = Effect.fnUntraced(function* (
    tx: Tx,
    items: ReadonlyArray<Item>,
    context: CreationContext & RequestEffects & { readonly rejected: ReadonlyMap<string, number> }
  ) {
    const rejectedIds = new Map(context.rejected)
    const stored = new Set<string>()
    const all: Array<Started> = []
    for (const item of items) {
      const rejection = rejectDependent(item, rejectedIds)
      const started =
        rejection === null
          ? yield* startRecorded(tx, item, context)
          : { index: item.index, result: Result.fail(rejection) }
      const { id } = item.input
      if (Result.isSuccess(started.result)) stored.add(started.result.success.id)
      if (id !== undefined && stored.has(id)) rejectedIds.delete(id)
      else if (id !== undefined) rejectedIds.set(id, item.index)
      all.push(started)
    }
    return all
  })

  /** `undecoded` are the ids of the items that could not be decoded, with their places. */
  return (
    items: ReadonlyArray<Item>,
    origin: Origin,
    undecoded: ReadonlyMap<string, number> = new Map()
  ): Effect.Effect<ReadonlyArray<Started>, StoreError> => {
    const { order, rejected } = arrange(items.map(({ input }) => input))
    const arranged = order.flatMap((place) => items[place] ?? [])
    const cyclic = items.flatMap(({ index }, place): ReadonlyArray<Started> => {
      const rejection = rejected.get(place)
      return rejection === undefined ? [] : [{ index, result: Result.fail(rejection) }]
    })
    const rejectedIds = new Map([
      ...undecoded,
      ...items.flatMap(({ index, input: { id } }, place) =>
        id !== undefined && rejected.has(place) ? [[id, index] as const] : []
      )
    ])
    const started = transitions.commit((tx) =>
      idempotent(tx, origin, (effects) =>
        startEach(tx, arranged, {
          origin,
          saveEnvironment,
          seen: new Map(),
          rejected: rejectedIds,
          ...effects
        })
      )
    )
    return Effect.map(started, (all) => [...cyclic, ...all])
  }
})
