/** A rule whose code is loaded by the first transaction that it concerns, so that the engine starts fast. */
import * as Effect from "effect/Effect"
import type { ChangedAggregate } from "../commit/AggregateTx.ts"
import type { CommitRule } from "../commit/CommitRules.ts"
import type { Committed } from "../commit/Tx.ts"

/** Whether a rule has anything to do for these changes. */
export type Concerns = (
  committed: ReadonlyArray<Committed>,
  changed: ReadonlyArray<ChangedAggregate>
) => boolean

/** Builds the rule with `load` when it is first concerned. It does nothing for other transactions. */
export const makeLoadedRule = Effect.fnUntraced(function* <R>(
  concerns: Concerns,
  load: Effect.Effect<CommitRule, never, R>
) {
  const context = yield* Effect.context<R>()
  let loaded: CommitRule | null = null
  const built = Effect.suspend(() =>
    loaded === null
      ? Effect.tap(Effect.provideContext(load, context), (rule) =>
          Effect.sync(() => void (loaded = rule))
        )
      : Effect.succeed(loaded)
  )
  const rule: CommitRule = (tx, committed, changed) =>
    concerns(committed, changed)
      ? Effect.flatMap(built, (its) => its(tx, committed, changed))
      : Effect.void
  return rule
})
