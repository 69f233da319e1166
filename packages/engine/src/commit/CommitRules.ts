/** What follows from the changes of a transaction in the same commit. The list of the rules is rules/layerCommitRules.ts. */
import type { StoreError } from "@backbeat/store/StoreError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AggregateTx } from "./AggregateTx.ts"
import type { Committed, Tx } from "./Tx.ts"

/** A transaction under way, with all that it can change. */
export type FullTx = Tx & AggregateTx

/** Makes the changes that follow from `committed`. What it records is appended there: the rules after it see it. */
export type CommitRule = (
  tx: FullTx,
  committed: ReadonlyArray<Committed>
) => Effect.Effect<void, StoreError>

/** The rules in the order in which they run, at the end of every transaction. */
export class CommitRules extends Context.Service<CommitRules, ReadonlyArray<CommitRule>>()(
  "@backbeat/engine/CommitRules"
) {}
