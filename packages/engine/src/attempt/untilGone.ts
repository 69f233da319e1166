/**
 * Waits until a full search (group, descent, variables) finds no process of an attempt. The system
 * has no event for the end of a process that holds no file of the attempt, so this searches
 * repeatedly. It is used only if an attempt has no record of its end.
 */
import * as Effect from "effect/Effect"
import { readExitRecord } from "../process/ExitRecord.ts"
import { lookTwice } from "../process/look.ts"
import type { AttemptTree } from "../process/remains.ts"
import { persistently } from "../alarm/persistently.ts"

const firstPauseMs = 2
const longestPauseMs = 1000

/**
 * Returns when no process is alive, a record exists, or `isWaitedFor` returns false. The result is
 * whether any process was alive.
 */
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
