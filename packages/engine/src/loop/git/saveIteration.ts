/** Keeps what an iteration has changed as a commit under a ref of ours, whatever becomes of the iteration. */
import type { Worked } from "@backbeat/core/loop/Iteration"
import type { Loop, Place } from "@backbeat/core/loop/Loop"
import type { LoopGit } from "@backbeat/core/loop/LoopSpec"
import * as Effect from "effect/Effect"
import type { Variables } from "../../home/TaskEnvironment.ts"
import { clearStaleLock } from "./clearStaleLock.ts"
import { iterationRef } from "./refs.ts"
import { git, type GitPlace, nulPaths } from "./runGit.ts"
import { takeSnapshot, treeOf } from "./snapshot.ts"

const shownPaths = 20

/** The protected paths that differ from the commit at which the iteration began. */
const touched = Effect.fnUntraced(function* (
  place: GitPlace,
  { protect }: LoopGit,
  range: { readonly from: string; readonly to: string }
) {
  if (protect.length === 0) return []
  const diff = ["diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--no-renames"]
  const names = yield* git(place, [...diff, range.from, range.to, "--", ...protect])
  return nulPaths(names).slice(0, shownPaths)
})

/** The commit of an iteration, whether it holds anything else than the one before, and what it should not have changed. Fails with GitFailed. */
export const saveIteration = Effect.fnUntraced(function* (
  { id }: Loop,
  { number, startedAt }: Worked,
  { head, path }: Place & { readonly path: string },
  { spec, environment }: { readonly spec: LoopGit; readonly environment: Variables }
) {
  const place = { cwd: path, environment }
  yield* clearStaleLock(place)
  const commit = yield* takeSnapshot(place, {
    message: `Iteration ${number} of loop ${id}`,
    copied: spec.copy,
    at: startedAt
  })
  yield* git(place, ["update-ref", iterationRef(id, number), commit])
  const changed = (yield* treeOf(place, commit)) !== (yield* treeOf(place, head))
  return { commit, changed, touched: yield* touched(place, spec, { from: head, to: commit }) }
})
