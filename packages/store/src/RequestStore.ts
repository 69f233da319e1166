/** The port through which the engine remembers what the calls of its callers have done. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** Remembers requests, in the transactions of the TaskStore beside it. All of it fails with StoreError only. */
export class RequestStore extends Context.Service<
  RequestStore,
  {
    /** Notes what a request has done (any text), in place of what was noted of it before; `at` is in epoch ms. */
    readonly note: (id: string, at: number, done: string) => Effect.Effect<void, StoreError>
    /** What was noted of a request, or null. */
    readonly find: (id: string) => Effect.Effect<string | null, StoreError>
    /** Forgets the requests that were noted before the instant (epoch ms). */
    readonly forget: (before: number) => Effect.Effect<void, StoreError>
  }
>()("@backbeat/store/RequestStore") {}
