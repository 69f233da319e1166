/**
 * The list of all commit rules. The order matters: each rule sees the changes of the rules before
 * it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeNoteSessions } from "./noteSessions.ts"
import { CommitRules } from "../commit/CommitRules.ts"
import { makeFillSlots } from "./fillSlots.ts"
import { makeMoveAsideFolders } from "./moveAside.ts"
import { makeResolveDependents } from "./resolveDependents.ts"
import { makeConcludePipelines } from "./concludePipelines.ts"
import { makeSettleRuns } from "./settleRuns.ts"

/** The rules of every commit. */
export const layerCommitRules = Layer.effect(
  CommitRules,
  Effect.all([
    makeNoteSessions,
    // An ended task releases or cancels its dependents. Their ends may end pipelines. All of them
    // free slots.
    makeResolveDependents,
    makeConcludePipelines,
    // A run of a schedule is a task or a pipeline.
    makeSettleRuns,
    makeFillSlots,
    // The last rule: only now all attempts that start are known.
    makeMoveAsideFolders
  ])
)
