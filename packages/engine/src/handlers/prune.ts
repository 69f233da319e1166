/** Answers `prune`. */
import * as operations from "@backbeat/contract/operation/steer"
import type { Input } from "@backbeat/contract/table"
import type { TaskStatus } from "@backbeat/core/task/TaskState"
import { TaskStore } from "@backbeat/store/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Settings } from "../configuration/Settings.ts"
import { makeClearLeftOvers } from "../retention/clearLeftOvers.ts"
import { dayMs, makePrune, type Pruned } from "../retention/prune.ts"
import { type Call, handle, toProblem } from "../call/Call.ts"
import { makeForgetLoops } from "../loop/forgetLoops.ts"
import { makeSelect } from "../waiting/selection.ts"
import { iso } from "../view/taskAnswer.ts"
import { wrongField } from "../call/wrongField.ts"

/** Which tasks to prune, and how old they must be. */
interface Wanted {
  readonly days: number
  readonly statuses: ReadonlyArray<TaskStatus>
  readonly only: ReadonlySet<string> | undefined
}

const shownIds = 10

/** Builds the reason why a prune removes nothing. */
const makeWhyNothing = Effect.map(TaskStore, (store) =>
  Effect.fnUntraced(function* ({ kept }: Pruned, { days, statuses, only }: Wanted) {
    if (kept.length > 0) {
      const more = kept.length > shownIds ? " ..." : ""
      return `not removed although they have ended: ${kept.slice(0, shownIds).join(", ")}${more}. Their pipeline is running, a live task continues from them, or they have live processes`
    }
    const now = yield* Clock.currentTimeMillis
    if (only !== undefined) return "none of these tasks has ended"
    const [oldest] = yield* store.endedBefore(now + 1, statuses, 1)
    if (oldest === undefined)
      return `no task has ended${statuses.length === 3 ? "" : ` as ${statuses.join(" or ")}`}`
    const endedAt =
      "endedAt" in oldest.state
        ? oldest.state.endedAt
        : "end" in oldest.state
          ? (oldest.state.end?.endedAt ?? now)
          : now
    return `no task ended more than ${days} days ago. The oldest, ${oldest.id}, will be removed on ${iso(endedAt + days * dayMs)}`
  })
)

/** The handler of `prune`. */
export const makePruneHandler = Effect.gen(function* () {
  const settings = yield* Settings
  const prune = yield* makePrune
  const select = yield* makeSelect
  const whyNothing = yield* makeWhyNothing
  const clearLeftOvers = yield* makeClearLeftOvers
  const forgetLoops = yield* makeForgetLoops

  const wantedBy = Effect.fnUntraced(function* (input: Input<"prune">, call: Call) {
    const { olderThanDays, status, ids, tag, mine } = input
    const statuses =
      typeof status === "string"
        ? [status]
        : (status ?? (["completed", "failed", "cancelled"] as const))
    const ways = [ids, tag, mine === true ? mine : undefined].filter((each) => each !== undefined)
    if (ways.length > 1)
      return yield* Effect.fail(
        wrongField("ids", "at most one of ids, tag and mine is allowed", "Use exactly one of them.")
      )
    const only =
      ways.length === 0 ? undefined : new Set(yield* select(input, call, { live: false }))
    return {
      days: olderThanDays ?? (only === undefined ? settings.current().retentionDays : 0),
      statuses,
      only
    } satisfies Wanted
  })

  return handle(operations.prune, (input, call) =>
    Effect.gen(function* () {
      const { status, dryRun = false } = input
      const wanted = yield* wantedBy(input, call)
      const { days, statuses, only } = wanted
      const now = yield* Clock.currentTimeMillis
      // A task that ended in this millisecond is older than zero days.
      const endedBefore = now - days * dayMs + 1
      const pruned = yield* Effect.mapError(
        prune({ endedBefore, statuses, dryRun, only }),
        toProblem
      )
      const reason =
        pruned.removed.length > 0
          ? {}
          : { reason: yield* Effect.mapError(whyNothing(pruned, wanted), toProblem) }
      const { removed, freedBytes } = pruned
      if (dryRun || only !== undefined) return { removed, freedBytes, dryRun, ...reason }
      // Removes leftover folders of the same age. If only some statuses are pruned, those older
      // than `retentionDays`.
      const untouchedSince =
        status === undefined ? endedBefore : now - settings.current().retentionDays * dayMs
      const left = yield* Effect.mapError(clearLeftOvers(untouchedSince), toProblem)
      yield* Effect.mapError(forgetLoops(untouchedSince), toProblem)
      return { removed, freedBytes: freedBytes + left, dryRun, ...reason }
    })
  )
})
