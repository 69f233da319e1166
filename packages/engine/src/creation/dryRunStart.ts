/** Plays the payloads of a start, to tell what would become of each. Nothing is stored or kept. */
import { messageOf } from "@backbeat/contract/Envelope"
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import type { Problem } from "@backbeat/contract/Problem"
import type { StoreError } from "@backbeat/store/StoreError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Transitions } from "../commit/Transitions.ts"
import { resultOf } from "../call/Call.ts"
import type { Origin } from "./Origin.ts"
import { type Item, makeCreateTask } from "./createTask.ts"

/** Made once. Gives the items that would be refused, by their place among them; `order` is that in which they can run. */
export const makeDryRunStart = Effect.gen(function* () {
  const transitions = yield* Transitions
  const createTask = yield* makeCreateTask

  return (
    items: ReadonlyArray<Item>,
    order: ReadonlyArray<number>,
    origin: Origin
  ): Effect.Effect<ReadonlyMap<number, Problem>, StoreError> =>
    transitions.dryRun((tx) =>
      Effect.gen(function* () {
        const refused = new Map<number, Problem>()
        const starting = { origin, keep: () => Effect.void, isDryRun: true, seen: new Map() }
        for (const place of order) {
          const item = items[place]
          if (item === undefined) continue
          const outcome = yield* resultOf(createTask(tx, item, starting))
          if (Result.isFailure(outcome)) refused.set(place, outcome.failure)
        }
        return refused
      })
    )
})

/** That a problem would refuse it, as a surface says it. */
export const refusedWith = (refusal: Problem, surface: Surface): string =>
  `it would be rejected with ${refusal.type}: ${messageOf(refusal, surface)}`

/** How a refusal is foretold, with what to do. */
export const foretold = (refusal: Problem, surface: Surface): string => {
  const { details, hint, path } = refusal
  const { indices } = details
  return Array.isArray(indices)
    ? `it would be rejected: items ${indices.join(" and ")} have the same id. Use a different id for each`
    : `${refusedWith(refusal, surface)}. ${writeHint(hint, surface, path)}`
}
