/** Brings the worktree of a loop to the commit from which the next iteration starts. What no commit holds is made one first. */
import type { Loop, Place } from "@backbeat/core/loop/Loop"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Variables } from "../../home/TaskEnvironment.ts"
import { clearStaleLock } from "./clearStaleLock.ts"
import { besideRef, iterationRef } from "./refs.ts"
import { git } from "./runGit.ts"
import { takeSnapshot, treeOf } from "./snapshot.ts"

/** Fails with GitFailed. Ignored files stay: what was installed need not be installed again. */
export const settleWorktree = Effect.fnUntraced(function* (
  { id, spec, createdAt }: Loop,
  { branch, path }: Place & { readonly path: string },
  { head, number }: { readonly head: string; readonly number: number },
  environment: Variables
) {
  const place = { cwd: path, environment }
  yield* clearStaleLock(place)
  const left = yield* takeSnapshot(place, {
    message: `What was in the worktree behind iteration ${number} of loop ${id}`,
    copied: spec.git?.copy ?? [],
    at: createdAt
  })
  const tree = yield* treeOf(place, left)
  const held = [head, "HEAD", iterationRef(id, number)]
  const trees = yield* Effect.forEach(held, (commit) => Effect.option(treeOf(place, commit)))
  if (!trees.some((each) => Option.contains(each, tree)))
    yield* git(place, ["update-ref", besideRef(id, number), left])
  yield* git(place, ["checkout", "--quiet", "--force", "-B", branch, head])
})
