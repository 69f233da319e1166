/** Kills all processes of an attempt except its shim, which records the end. */
import * as Effect from "effect/Effect"
import { readClaim } from "./Claim.ts"
import { isAlive } from "./Identity.ts"
import { look } from "./look.ts"
import { signalProcess } from "./posix.ts"
import type { AttemptTree } from "./remains.ts"

/** Processes that are forked meanwhile are found by another scan; at most so many are made. */
const mostLooks = 5

/** Kills the command and all its processes. Returns whether there were any. */
export const killCommand = Effect.fnUntraced(function* (tree: AttemptTree) {
  const claim = readClaim(tree.dir)
  const shim = claim.kind === "shim" ? claim.pid : null
  let killed = false
  for (let looks = 0; looks < mostLooks; looks++) {
    const left = (yield* look(tree)).filter(
      ({ identity }) => identity.pid !== shim && isAlive(identity)
    )
    if (left.length === 0) break
    for (const { identity } of left) killed = signalProcess(identity.pid, "SIGKILL") || killed
  }
  return killed
})
