/**
 * Rules that run at the end of each transaction and add changes to it. rules/layerCommitRules.ts
 * has the list.
 */
import type { StoreError } from "@backbeat/store/StoreError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AggregateTx } from "./AggregateTx.ts"
import type { Committed, Tx } from "./Tx.ts"

/** Requests that the slots are filled, although no task has changed. */
export interface SlotSignal {
  /** Requests it: a setting, a pause or the time has changed, so a task may be able to start. */
  readonly fillSlots: () => void
  /** Whether this transaction has requested it. */
  readonly isToFillSlots: () => boolean
}

/** A transaction, with everything that it can change. */
export type FullTx = Tx & AggregateTx & SlotSignal

/** Creates the signal of one transaction. */
export const makeSlotSignal = (): SlotSignal => {
  let isRequested = false
  return {
    fillSlots: () => {
      isRequested = true
    },
    isToFillSlots: () => isRequested
  }
}

/**
 * Makes the changes that follow from `committed`, and appends what it records to it. So later rules
 * see it.
 */
export type CommitRule = (
  tx: FullTx,
  committed: ReadonlyArray<Committed>
) => Effect.Effect<void, StoreError>

/** The rules in the order in which they run, at the end of every transaction. */
export class CommitRules extends Context.Service<CommitRules, ReadonlyArray<CommitRule>>()(
  "@backbeat/engine/CommitRules"
) {}
