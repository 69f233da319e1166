/**
 * Waits until no process of an attempt lives that a full look finds: by group, descent and mark. The system has no event for the end of
 * what holds nothing of the attempt, so this looks again and again. It is needed only where an attempt has no record of its end.
 */
import * as Effect from "effect/Effect"
import { readExitRecord } from "../process/ExitRecord.ts"
import { lookTwice } from "../process/look.ts"
import type { AttemptTree } from "../process/remains.ts"
import { persistently } from "../alarm/persistently.ts"

const firstPauseMs = 2
const longestPauseMs = 1000

/** Ends when nothing is alive, a record is there, or nobody waits for it any more; tells whether anything was alive. */
export const untilGone = (
  tree: AttemptTree,
  isWaitedFor: () => boolean
): Effect.Effect<boolean> => {
  const again = (seen: boolean, pauseMs: number): Effect.Effect<boolean> =>
    Effect.flatMap(persistently(`a look at ${tree.dir}`, lookTwice(tree)), (left) => {
      if (left.length === 0 || !isWaitedFor() || readExitRecord(tree.dir) !== null)
        return Effect.succeed(seen || left.length > 0)
      return Effect.andThen(
        Effect.sleep(pauseMs),
        Effect.suspend(() => again(true, Math.min(pauseMs * 2, longestPauseMs)))
      )
    })
  return again(false, firstPauseMs)
}
