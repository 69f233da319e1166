/** Removes the lock that a killed git has left in a worktree of ours. One that a process holds stays. */
import * as Effect from "effect/Effect"
import { isFileHeld } from "../../process/FileHolders.ts"
import { rmSync, statSync } from "../../system/files.ts"
import { git, type GitPlace } from "./runGit.ts"

/** A git that is about to write has its lock open; so young a lock is never taken for left. */
const youngMs = 2000

/** Looks only into the folder of this worktree, which nobody else uses. Fails with GitFailed. */
export const clearStaleLock = Effect.fnUntraced(function* (place: GitPlace) {
  const lock = yield* git(place, [
    "rev-parse",
    "--path-format=absolute",
    "--git-path",
    "index.lock"
  ])
  const stat = statSync(lock, { throwIfNoEntry: false })
  if (stat === undefined || Date.now() - stat.mtimeMs < youngMs) return
  if (isFileHeld(lock)) return
  rmSync(lock, { force: true })
})
