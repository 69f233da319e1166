/**
 * The port that stores the effects of calls, for repeated calls. Implementations: sqlite/, memory/.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** Stores requests, in the transactions of the Database port. Fails only with StoreError. */
export class RequestStore extends Context.Service<
  RequestStore,
  {
    /**
     * Stores the effects of a request (any text) in place of earlier ones. `at` is epoch
     * milliseconds.
     */
    readonly note: (id: string, at: number, done: string) => Effect.Effect<void, StoreError>
    /** The stored effects of a request, or null. */
    readonly find: (id: string) => Effect.Effect<string | null, StoreError>
    /** Removes the requests that were first stored before the instant (epoch ms). */
    readonly forget: (before: number) => Effect.Effect<void, StoreError>
  }
>()("@backbeat/store/RequestStore") {}
