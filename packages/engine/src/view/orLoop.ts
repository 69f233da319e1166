/** What answers about a loop where a task or a pipeline of the id is not there. */
import type { LoopAnswer } from "@backbeat/contract/LoopAnswer"
import type { Problem } from "@backbeat/contract/Problem"
import * as Effect from "effect/Effect"
import { once } from "../wiring/once.ts"
import { makeLoopView } from "./LoopView.ts"

/** Answers as it is told, or with the loop of the id; made once. Fails as the first answer does. */
export const makeOrLoop = once(
  Effect.map(
    makeLoopView,
    ({ look, show }) =>
      <A, B>(id: string, answer: Effect.Effect<A, Problem>, ofLoop: (loop: LoopAnswer) => B) =>
        Effect.catchIf(
          answer,
          ({ type }) => type === "TaskNotFound",
          (missing) =>
            Effect.flatMap(look(id), (loop): Effect.Effect<B, Problem> =>
              loop === null ? Effect.fail(missing) : Effect.succeed(ofLoop(show(loop)))
            )
        )
  )
)
