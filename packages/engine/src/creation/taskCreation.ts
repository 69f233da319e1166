/** Starts payloads, one or many: everything of one request is stored in one commit. */
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
import { type Found } from "./existing.ts"
import { keepFor } from "./keepFor.ts"
import { type RequestEffects, makeIdempotent } from "./idempotent.ts"
import { type Origin } from "./Origin.ts"
import { dependsOnOf } from "./shortForms.ts"
import { type Item, makeCreateTask, type Starting } from "./createTask.ts"

/** What became of one payload. */
export interface Started {
  readonly index: number
  readonly found?: Found | undefined
  readonly result: Result.Result<Task, Problem>
}

/** What an item needs, by its place in the payload. */
const needsOf = ({
  input
}: Item): ReadonlyArray<{ readonly id: string; readonly path: string }> => [
  ...dependsOnOf(input).map((each, at) => ({
    id: typeof each === "string" ? each : each.task,
    path: `dependsOn[${at}]`
  })),
  ...(input.continueFrom === undefined ? [] : [{ id: input.continueFrom, path: "continueFrom" }])
]

/** Why an item cannot be started when this call refused what it needs: that is neither missing from the call nor mistyped. */
const lacks = (item: Item, lost: ReadonlyMap<string, number>): Problem | null => {
  const need = needsOf(item).find(({ id }) => lost.has(id))
  const refused = need === undefined ? undefined : lost.get(need.id)
  if (need === undefined || refused === undefined) return null
  return atField(
    need.path,
    problem(
      "DependencyNotFound",
      `${need.id} was rejected in this call`,
      `Correct item ${refused} as its error says, then start both again.`,
      { id: need.id, item: refused }
    )
  )
}

/** Starts payloads. Made once; an item's failure leaves the others as they are. */
export const makeTaskCreation = Effect.gen(function* () {
  const { root } = yield* Home
  const transitions = yield* Transitions
  const createTask = yield* makeCreateTask
  const idempotent = yield* makeIdempotent
  const keep: Starting["keep"] = (id, requestId, env) =>
    Effect.asVoid(keepFor(root, id, requestId, env))

  /** A task that was found is noted as such, so that the call says it again when it is sent again. */
  const startNoted = Effect.fnUntraced(function* (
    tx: Tx,
    item: Item,
    starting: Starting & RequestEffects
  ) {
    const part = String(item.index)
    const found = new Map<number, Found>()
    const result = yield* resultOf(
      starting.task(part, createTask(tx, item, { ...starting, found }))
    )
    const its = found.get(item.index)
    if (its !== undefined && Result.isSuccess(result))
      starting.note(part, {
        id: result.success.id,
        attempt: result.success.state.attempt,
        found: its
      })
    return {
      index: item.index,
      result,
      found: its ?? starting.before.get(part)?.found
    } satisfies Started
  })

  /** An item never runs after an old task in place of one that this call refused. */
  const startEach = Effect.fnUntraced(function* (
    tx: Tx,
    items: ReadonlyArray<Item>,
    starting: Starting & RequestEffects & { readonly refused: ReadonlyMap<string, number> }
  ) {
    const lost = new Map(starting.refused)
    const stored = new Set<string>()
    const all: Array<Started> = []
    for (const item of items) {
      const refusal = lacks(item, lost)
      const started =
        refusal === null
          ? yield* startNoted(tx, item, starting)
          : { index: item.index, result: Result.fail(refusal) }
      const { id } = item.input
      if (Result.isSuccess(started.result)) stored.add(started.result.success.id)
      if (id !== undefined && stored.has(id)) lost.delete(id)
      else if (id !== undefined) lost.set(id, item.index)
      all.push(started)
    }
    return all
  })

  /** `undecoded` are the ids of items that could not be decoded, with their places. */
  return (
    items: ReadonlyArray<Item>,
    origin: Origin,
    undecoded: ReadonlyMap<string, number> = new Map()
  ): Effect.Effect<ReadonlyArray<Started>, StoreError> => {
    const { order, refused } = arrange(items.map(({ input }) => input))
    const arranged = order.flatMap((place) => items[place] ?? [])
    const cyclic = items.flatMap(({ index }, place): ReadonlyArray<Started> => {
      const refusal = refused.get(place)
      return refusal === undefined ? [] : [{ index, result: Result.fail(refusal) }]
    })
    const lost = new Map([
      ...undecoded,
      ...items.flatMap(({ index, input: { id } }, place) =>
        id !== undefined && refused.has(place) ? [[id, index] as const] : []
      )
    ])
    const started = transitions.commit((tx) =>
      idempotent(tx, origin, (doing) =>
        startEach(tx, arranged, { origin, keep, seen: new Map(), refused: lost, ...doing })
      )
    )
    return Effect.map(started, (all) => [...cyclic, ...all])
  }
})
