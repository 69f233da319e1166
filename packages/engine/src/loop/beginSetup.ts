/** Makes the task that sets up the worktree of a loop. */
import type { Problem } from "@backbeat/contract/Problem"
import type { Loop } from "@backbeat/core/loop/Loop"
import { setupId } from "@backbeat/core/loop/LoopId"
import * as Effect from "effect/Effect"
import { toProblem } from "../call/Call.ts"
import type { FullTx } from "../commit/CommitRules.ts"
import { makeCreateTask, type CreationContext } from "../creation/createTask.ts"
import { makeFreeIds } from "../creation/freeIds.ts"
import { Home } from "../home/Home.ts"
import type { KeptVariables } from "../home/KeptVariables.ts"
import { once } from "../wiring/once.ts"
import { loopOrigin, loopVariables } from "./loopOrigin.ts"

/** Makes setups; made once. Fails with the Problem that refuses it. */
export const makeBeginSetup = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const createTask = yield* makeCreateTask
    const { freeIds } = yield* makeFreeIds
    return (
      tx: FullTx,
      loop: Loop,
      {
        kept,
        saveEnvironment
      }: {
        readonly kept: KeptVariables
        readonly saveEnvironment: CreationContext["saveEnvironment"]
      }
    ): Effect.Effect<string, Problem> =>
      Effect.gen(function* () {
        const [id = ""] = yield* freeIds([setupId(loop.id)])
        const variables = loopVariables(loop, 0, null)
        const origin = loopOrigin(
          root,
          loop,
          { id, number: 0, hidden: true, variables },
          { kept, now: tx.now }
        )
        const own = kept.given["env"]
        const input = {
          id,
          script: loop.spec.git?.setup ?? ":",
          ...(own === undefined ? {} : { env: own })
        }
        yield* createTask(tx, { input, index: 0 }, { origin, saveEnvironment, seen: new Map() })
        return id
      }).pipe(Effect.mapError(toProblem))
  })
)
