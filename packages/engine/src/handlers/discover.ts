/** Answers operations that only read the table of operations. */
import { discoveries } from "@backbeat/contract/discovery"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import type { Handler } from "../call/Call.ts"
import { CallerSurface } from "../call/written.ts"

/** The handlers of these operations. */
export const makeDiscoveryHandlers = Effect.map(Home, ({ version }): ReadonlyArray<Handler> =>
  Object.values(discoveries).map(({ operation, answer }) => ({
    operation,
    answer: Effect.fnUntraced(function* (payload) {
      return yield* Effect.fromResult(answer(payload, { version, surface: yield* CallerSurface }))
    })
  }))
)
