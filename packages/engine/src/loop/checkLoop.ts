/** Tells before a loop is created whether its parts would be refused. */
import type { Problem } from "@backbeat/contract/Problem"
import { created, unworked } from "@backbeat/core/loop/evolve"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { Transitions } from "../commit/Transitions.ts"
import { type Origin, ownerOf } from "../creation/Origin.ts"
import { once } from "../wiring/once.ts"
import { makeBeginEvaluation } from "./beginEvaluation.ts"
import { makeBeginWork } from "./beginWork.ts"
import type { SpecifiedLoop } from "./loopSpec.ts"

/** Plays an iteration with its evaluation and takes both back; made once. Fails with the Problem that refuses one of them. */
export const makeCheckLoop = once(
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const beginWork = yield* makeBeginWork
    const beginEvaluation = yield* makeBeginEvaluation
    return (
      id: string,
      { spec, kept }: SpecifiedLoop,
      origin: Origin
    ): Effect.Effect<void, Problem> =>
      Effect.mapError(
        transitions.dryRun((tx) =>
          Effect.gen(function* () {
            const event = {
              type: "loop.created",
              loop: spec,
              owner: ownerOf(origin, 0),
              tree: null
            } as const
            const loop = created(id, event, tx.now)
            const starting = { kept, saveEnvironment: () => Effect.void }
            yield* beginWork(tx, loop, starting)
            yield* beginEvaluation(tx, loop, unworked(1, null, tx.now), starting)
          })
        ),
        toProblem
      )
  })
)
