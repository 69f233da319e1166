/** What follows in the same commit, in one list. The order matters: each rule sees what the rules before it have changed. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeNoteSessions } from "./noteSessions.ts"
import { CommitRules } from "../commit/CommitRules.ts"
import { makeFillSlots } from "./fillSlots.ts"
import { makeMoveAsideFolders } from "./moveAside.ts"
import { makeResolveDependents } from "./resolveDependents.ts"
import { makeConcludePipelines } from "./concludePipelines.ts"

/** The rules of every commit. */
export const layerCommitRules = Layer.effect(
  CommitRules,
  Effect.all([
    makeNoteSessions,
    // An end releases or cancels dependents, whose ends conclude pipelines; both make room in queues.
    makeResolveDependents,
    makeConcludePipelines,
    makeFillSlots,
    // The last one: only now is it known which attempts begin.
    makeMoveAsideFolders
  ])
)
