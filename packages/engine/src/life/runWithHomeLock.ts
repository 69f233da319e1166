/**
 * Starts an engine with the home lock. If many start at once, all but one exit before they load
 * anything else.
 */
import { type Problem, problem } from "@backbeat/contract/Problem"
import type { Judging } from "../configuration/judgeFolder.ts"
import { logTo, onTerminal } from "./announce.ts"
import { type LockHandle, acquireHomeLock, HomeUnusable } from "./acquireHomeLock.ts"
import { errorMessage } from "../process/thrown.ts"

/** The result: the engine has served, the home has another engine, or why the engine could not serve. */
export type Served = "served" | "elsewhere" | Problem

/** The home, and whether the log goes to stderr instead of `engine.log`. */
export interface EnginePlace {
  readonly root: string
  readonly inForeground: boolean
}

/** Locks the home and runs the engine; returns at once if the home has one. Never throws. */
export const runWithHomeLock = async (
  { root, inForeground }: EnginePlace,
  judging: Judging,
  runEngine: (lock: LockHandle) => Promise<Problem | null>
): Promise<Served> => {
  let lock: LockHandle | null = null
  try {
    lock = await acquireHomeLock(root, judging)
    if (lock === null) return "elsewhere"
    process.chdir("/")
    if (!onTerminal() && !inForeground) logTo(root, 2)
    return (await runEngine(lock)) ?? "served"
  } catch (thrown) {
    // If the home was removed, report nothing: the waiting caller then starts another engine.
    if (lock?.isOwned() === false) return "served"
    return thrown instanceof HomeUnusable
      ? thrown.problem
      : problem("EngineUnreachable", errorMessage(thrown), "Read engine.log in the home.", {
          home: root
        })
  }
}
