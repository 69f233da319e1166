/** On whose behalf a loop starts its tasks: its own, with the folder and the environment that it was given. */
import type { Loop } from "@backbeat/core/loop/Loop"
import type { Actor } from "@backbeat/core/history/Actor"
import * as Struct from "effect/Struct"
import { join } from "node:path"
import type { Origin } from "../creation/Origin.ts"
import { homeIdOf } from "../home/homeId.ts"
import type { KeptVariables } from "../home/KeptVariables.ts"
import type { Variables } from "../home/TaskEnvironment.ts"

/** A loop as the cause of a transition. */
export const loopActor: Actor = { kind: "loop" }

/** One part of a loop: an iteration, an evaluation, or its setup. */
export interface LoopPart {
  /** The id of the task or pipeline. */
  readonly id: string
  readonly number: number
  /** Whether lists leave it out. */
  readonly hidden: boolean
  /** Variables of this part alone. */
  readonly variables: Variables
}

/** What every part of a loop is told. `lastEvaluation` is a path. */
export const loopVariables = (
  { id, progress: { best, last } }: Loop,
  number: number,
  lastEvaluation: string | null
): Variables => ({
  BACKBEAT_LOOP_ID: id,
  BACKBEAT_ITERATION: String(number),
  BACKBEAT_BEST_SCORE: best === null ? "" : String(best.score),
  BACKBEAT_LAST_RESULT: last?.result ?? "",
  BACKBEAT_LAST_EVAL: lastEvaluation ?? ""
})

/** The folder in which a loop works. */
export const cwdOf = ({ spec: { cwd, git }, progress: { place } }: Loop): string =>
  place?.path == null || git === null ? cwd : join(place.path, git.prefix)

/** The origin of a part. */
export const loopOrigin = (
  root: string,
  loop: Loop,
  part: LoopPart,
  { kept, now }: { readonly kept: KeptVariables; readonly now: number }
): Origin => {
  const { spec, owner } = loop
  const own = Struct.omit(owner, ["requestId"])
  return {
    actor: loopActor,
    owner: { ...own, depth: owner.depth + 1 },
    requestId: part.id,
    requestedAt: now,
    repeated: false,
    machine: homeIdOf(root) ?? null,
    cwd: cwdOf(loop),
    umask: spec.umask,
    environment: { ...kept.environment, ...part.variables },
    processLimits: spec.processLimits ?? null,
    batch: null,
    source: { kind: "loop", id: loop.id, ...(part.hidden ? { hidden: true as const } : {}) }
  }
}
