/** The port through which a home remembers who it is and where it lies. Implementations: sqlite/, memory/. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "./StoreError.ts"

/** A home: its id, made once, and the folder in which it was served last. */
export interface HomeRecord {
  readonly id: string
  readonly device: string
  readonly inode: string
  readonly path: string
}

/** Remembers one home, in the transactions of the TaskStore beside it. All but `idAt` fails with StoreError only. */
export class HomeStore extends Context.Service<
  HomeStore,
  {
    /** What was written last, or null. */
    readonly find: Effect.Effect<HomeRecord | null, StoreError>
    /** Replaces what is there. */
    readonly write: (record: HomeRecord) => Effect.Effect<void, StoreError>
    /** The id of the home whose database is at the path; null when there is none, or it cannot be read. */
    readonly idAt: (path: string) => Effect.Effect<string | null>
  }
>()("@backbeat/store/HomeStore") {}
