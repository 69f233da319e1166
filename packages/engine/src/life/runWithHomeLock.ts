/**
 * Starts an engine with the home lock. If many start at once, all but one exit before they load
 * anything else.
 */
import { problem } from "@backbeat/contract/Problem"
import type { Judging } from "../configuration/judgeFolder.ts"
import { logTo, onTerminal, reportStartup } from "./announce.ts"
import { type LockHandle, acquireHomeLock, HomeUnusable } from "./acquireHomeLock.ts"
import { errorMessage } from "../process/thrown.ts"

/** Locks the home and runs the engine; returns at once if the home has one. Never throws. */
export const runWithHomeLock = async (
  root: string,
  judging: Judging,
  runEngine: (lock: LockHandle) => Promise<void>
): Promise<void> => {
  let lock: LockHandle | null = null
  try {
    lock = await acquireHomeLock(root, judging)
    if (lock === null) return reportStartup({ state: "elsewhere" })
    process.chdir("/")
    if (!onTerminal()) logTo(root, 2)
    await runEngine(lock)
  } catch (thrown) {
    // If the home was removed, report nothing: the waiting caller then starts another engine.
    if (lock?.isOwned() === false) return
    const failure =
      thrown instanceof HomeUnusable
        ? thrown.problem
        : problem("EngineUnreachable", errorMessage(thrown), "Read engine.log in the home.", {
            home: root
          })
    reportStartup({ state: "failed", problem: failure })
  }
}
