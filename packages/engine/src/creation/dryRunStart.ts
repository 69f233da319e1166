/** Runs the payloads of a start as a dry run, to report which would be rejected. Stores nothing. */
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

/**
 * Builds the dry run. It returns the problems by the place of their item; `order` is the order in
 * which the items can run.
 */
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
        const rejected = new Map<number, Problem>()
        const context = {
          origin,
          saveEnvironment: () => Effect.void,
          isDryRun: true,
          seen: new Map()
        }
        for (const place of order) {
          const item = items[place]
          if (item === undefined) continue
          const outcome = yield* resultOf(createTask(tx, item, context))
          if (Result.isFailure(outcome)) rejected.set(place, outcome.failure)
        }
        return rejected
      })
    )
})

/** Says that an item would be rejected, as a surface writes it. */
export const describeRejection = (rejection: Problem, surface: Surface): string =>
  `it would be rejected with ${rejection.type}: ${messageOf(rejection, surface)}`

/** Warns that an item would be rejected, with a hint. */
export const rejectionWarning = (rejection: Problem, surface: Surface): string => {
  const { details, hint, path } = rejection
  const { indices } = details
  return Array.isArray(indices)
    ? `it would be rejected: items ${indices.join(" and ")} have the same id. Use a different id for each`
    : `${describeRejection(rejection, surface)}. ${writeHint(hint, surface, path)}`
}
