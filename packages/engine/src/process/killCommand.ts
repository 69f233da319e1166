/** SIGKILL for all of an attempt but its shim, which lives to record it. */
import * as Effect from "effect/Effect"
import { readClaim } from "./Claim.ts"
import { isAlive } from "./Identity.ts"
import { look } from "./look.ts"
import { signalProcess } from "./posix.ts"
import type { AttemptTree } from "./remains.ts"

/** What forks while it is being killed is found by another look; so many are taken. */
const mostLooks = 5

/** Kills the command and all that it started; true when there was anything to kill. */
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
