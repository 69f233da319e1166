/** What follows from the changes of a transaction in the same commit. The list of the rules is rules/layerCommitRules.ts. */
import type { StoreError } from "@backbeat/store/StoreError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AggregateTx } from "./AggregateTx.ts"
import type { Committed, Tx } from "./Tx.ts"

/** What tells the rule that fills slots to look afresh. */
export interface SlotSignal {
  /** Says that something may start though no task has changed: a setting, a pause or a time has. */
  readonly fillSlots: () => void
  /** Whether that was said in this transaction. */
  readonly isToFillSlots: () => boolean
}

/** A transaction under way, with all that it can change. */
export type FullTx = Tx & AggregateTx & SlotSignal

/** The signal of one transaction. */
export const makeSlotSignal = (): SlotSignal => {
  let isAsked = false
  return {
    fillSlots: () => {
      isAsked = true
    },
    isToFillSlots: () => isAsked
  }
}

/** Makes the changes that follow from `committed`. What it records is appended there: the rules after it see it. */
export type CommitRule = (
  tx: FullTx,
  committed: ReadonlyArray<Committed>
) => Effect.Effect<void, StoreError>

/** The rules in the order in which they run, at the end of every transaction. */
export class CommitRules extends Context.Service<CommitRules, ReadonlyArray<CommitRule>>()(
  "@backbeat/engine/CommitRules"
) {}
