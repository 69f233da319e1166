/** Answers `prune`. */
import * as operations from "@backbeat/contract/operation/steer"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../home/Settings.ts"
import { makeClearLeftOvers } from "../task/clearLeftOvers.ts"
import { dayMs, makePrune } from "../task/prune.ts"
import { handle, toProblem } from "./Call.ts"

/** The handler of `prune`. */
export const makePruneHandler = Effect.gen(function* () {
  const settings = yield* Settings
  const prune = yield* makePrune
  const clearLeftOvers = yield* makeClearLeftOvers
  return handle(operations.prune, ({ olderThanDays, status, dryRun = false }) =>
    Effect.gen(function* () {
      const days = olderThanDays ?? settings.current().retentionDays
      const now = yield* Clock.currentTimeMillis
      const statuses = typeof status === "string" ? [status] : (status ?? (["completed", "failed", "cancelled"] as const))
      // What ended in this very millisecond is older than zero days too.
      const endedBefore = now - days * dayMs + 1
      const pruned = yield* Effect.mapError(prune({ endedBefore, statuses, dryRun }), toProblem(""))
      if (dryRun) return { ...pruned, dryRun }
      // What a pruning of everything has not come to remove is of this age too; of one by status nothing is known.
      const untouchedSince = status === undefined ? endedBefore : now - settings.current().retentionDays * dayMs
      const left = yield* Effect.mapError(clearLeftOvers(untouchedSince), toProblem(""))
      return { removed: pruned.removed, freedBytes: pruned.freedBytes + left, dryRun }
    })
  )
})
