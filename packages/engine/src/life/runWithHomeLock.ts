/** How an engine begins: with the lock. Of many that are started at once all but one load nothing else. */
import { problem } from "@backbeat/contract/Problem"
import type { Judging } from "../configuration/judgeFolder.ts"
import { logTo, onTerminal, reportStartup } from "./announce.ts"
import { type LockHandle, acquireHomeLock, HomeUnusable } from "./acquireHomeLock.ts"
import { errorMessage } from "../process/thrown.ts"

/** Becomes the engine of a home, unless it has one, and lives as long as `reign` does. Never throws. */
export const runWithHomeLock = async (
  root: string,
  judging: Judging,
  runEngine: (election: LockHandle) => Promise<void>
): Promise<void> => {
  let election: LockHandle | null = null
  try {
    election = await acquireHomeLock(root, judging)
    if (election === null) return reportStartup({ state: "elsewhere" })
    process.chdir("/")
    if (!onTerminal()) logTo(root, 2)
    await runEngine(election)
  } catch (thrown) {
    // Of a home that was taken away nothing is told: who waits for it begins again with another.
    if (election?.isHeld() === false) return
    const trouble =
      thrown instanceof HomeUnusable
        ? thrown.problem
        : problem("EngineUnreachable", errorMessage(thrown), "Read engine.log in the home.", {
            home: root
          })
    reportStartup({ state: "failed", problem: trouble })
  }
}
