/** Waits for the end of a loop. */
import type { Loop } from "@backbeat/core/loop/Loop"
import { hasLoopEnded } from "@backbeat/core/loop/Loop"
import type { Problem } from "@backbeat/contract/Problem"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import { makeUntilChanged } from "../commit/until.ts"
import { makeLoopView } from "../view/LoopView.ts"
import { once } from "../wiring/once.ts"

/** Waits until a loop has ended, or is otherwise as it is waited for; made once. */
export const makeUntilLoop = once(
  Effect.gen(function* () {
    const { find } = yield* makeLoopView
    const until = yield* makeUntilChanged
    return (
      id: string,
      holds: (loop: Loop) => boolean = ({ state }) => hasLoopEnded(state)
    ): Effect.Effect<Loop, Problem> =>
      Effect.mapError(until({ kind: "loop", id, read: find(id), condition: holds }), toProblem)
  })
)
