/**
 * The port that stores the identity and the location of the home. Implementations: sqlite/,
 * memory/.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** The id of a home, which never changes, and the folder in which an engine last served it. */
export interface HomeRecord {
  readonly id: string
  readonly device: string
  readonly inode: string
  readonly path: string
}

/**
 * Stores one home, in the transactions of the Database port. All but `idAt` fail only with
 * StoreError.
 */
export class HomeStore extends Context.Service<
  HomeStore,
  {
    /** The stored home, or null. */
    readonly find: Effect.Effect<HomeRecord | null, StoreError>
    /** Stores the home in place of the earlier record. */
    readonly write: (record: HomeRecord) => Effect.Effect<void, StoreError>
    /**
     * The id of the home whose database is at the path; null if there is none, or if it cannot be
     * read.
     */
    readonly idAt: (path: string) => Effect.Effect<string | null>
  }
>()("@backbeat/store/HomeStore") {}
