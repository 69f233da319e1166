/**
 * Rules that run at the end of each transaction and add changes to it. rules/layerCommitRules.ts
 * has the list.
 */
import type { StoreError } from "@backbeat/store/StoreError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { AggregateTx, ChangedAggregate } from "./AggregateTx.ts"
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
 * Makes the changes that follow from changed tasks and other aggregates. The rules see what it
 * changes too.
 */
export type CommitRule = (
  tx: FullTx,
  committed: ReadonlyArray<Committed>,
  changed: ReadonlyArray<ChangedAggregate>
) => Effect.Effect<void, StoreError>

/** The rules in the order in which they run, at the end of every transaction. */
export class CommitRules extends Context.Service<
  CommitRules,
  {
    /** They run repeatedly, each on what is new since its last run, until none changes anything. */
    readonly repeated: ReadonlyArray<CommitRule>
    /** They run once after the others, on all changes. */
    readonly last: ReadonlyArray<CommitRule>
  }
>()("@backbeat/engine/CommitRules") {}

/** Runs the rules on the changes of a transaction. The lists grow by what the rules change. */
export const applyRules = Effect.fnUntraced(function* (
  { repeated, last }: CommitRules["Service"],
  tx: FullTx,
  committed: ReadonlyArray<Committed>,
  changed: ReadonlyArray<ChangedAggregate>
) {
  const seen = repeated.map(() => ({ tasks: 0, others: 0 }))
  const isNew = ({ tasks, others }: { readonly tasks: number; readonly others: number }) =>
    tasks < committed.length || others < changed.length
  while (seen.some(isNew)) {
    for (const [index, rule] of repeated.entries()) {
      const from = seen[index]
      if (from === undefined || !isNew(from)) continue
      seen[index] = { tasks: committed.length, others: changed.length }
      yield* rule(tx, committed.slice(from.tasks), changed.slice(from.others))
    }
  }
  for (const rule of last) yield* rule(tx, committed, changed)
})
