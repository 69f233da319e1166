/**
 * The list of all commit rules. The order matters: each rule sees the changes of the rules before
 * it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isFinal } from "@backbeat/core/task/TaskState"
import { type Concerns, makeLoadedRule } from "./loadedRule.ts"
import { makeNoteSessions } from "./noteSessions.ts"
import { CommitRules } from "../commit/CommitRules.ts"
import { makeFillSlots } from "./fillSlots.ts"
import { makeMoveAsideFolders } from "./moveAside.ts"
import { makeResolveDependents } from "./resolveDependents.ts"
import { makeConcludePipelines } from "./concludePipelines.ts"
import { makeSettleRuns } from "./settleRuns.ts"

/** A loop that has changed, or the end of one of its tasks. */
const concernsLoops: Concerns = (committed, changed) =>
  changed.some(({ kind }) => kind === "loop") ||
  committed.some(({ task }) => task.lineage.source?.kind === "loop" && isFinal(task.state.status))

const loadAdvanceLoops = Effect.flatMap(
  Effect.promise(() => import("../loop/advanceLoops.ts")),
  ({ makeAdvanceLoops }) => makeAdvanceLoops
)

/** The rules of every commit. */
export const layerCommitRules = Layer.effect(
  CommitRules,
  Effect.all({
    // An ended task releases or cancels its dependents. Their ends may end pipelines. Both may end
    // iterations of loops, after which new tasks are created.
    repeated: Effect.all([
      makeNoteSessions,
      makeResolveDependents,
      makeConcludePipelines,
      // A run of a schedule is a task or a pipeline.
      makeSettleRuns,
      makeLoadedRule(concernsLoops, loadAdvanceLoops)
    ]),
    // All of them free slots. Only then all attempts that start are known.
    last: Effect.all([makeFillSlots, makeMoveAsideFolders])
  })
)
