/** What follows in the same commit, in one list. The order matters: each rule sees what the rules before it have changed. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeNoteSessions } from "../agent/noteSessions.ts"
import { CommitRules } from "../task/CommitRules.ts"
import { makeFillSlots } from "../task/fillSlots.ts"
import { makeSetAsideFolders } from "../task/setAside.ts"
import { makeSettleEnds } from "../task/settleEnds.ts"
import { makeSettlePipelines } from "../task/settlePipelines.ts"

/** The rules of every commit. */
export const layerCommitRules = Layer.effect(
  CommitRules,
  Effect.all([
    makeNoteSessions,
    // An end releases or cancels dependents, whose ends conclude pipelines; both make room in queues.
    makeSettleEnds,
    makeSettlePipelines,
    makeFillSlots,
    // The last one: only now is it known which attempts begin.
    makeSetAsideFolders
  ])
)
