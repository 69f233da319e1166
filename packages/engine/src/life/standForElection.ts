/** How an engine begins: with the lock. Of many that are started at once all but one load nothing else. */
import { problem } from "@backbeat/contract/Problem"
import type { Judging } from "../configuration/judgeFolder.ts"
import { logTo, onTerminal, tellStarter } from "./announce.ts"
import { type Election, elect, HomeUnusable } from "./election.ts"
import { errorMessage } from "../process/thrown.ts"

/** Becomes the engine of a home, unless it has one, and lives as long as `reign` does. Never throws. */
export const standForElection = async (
  root: string,
  judging: Judging,
  reign: (election: Election) => Promise<void>
): Promise<void> => {
  let election: Election | null = null
  try {
    election = await elect(root, judging)
    if (election === null) return tellStarter({ state: "elsewhere" })
    process.chdir("/")
    if (!onTerminal()) logTo(root, 2)
    await reign(election)
  } catch (thrown) {
    // Of a home that was taken away nothing is told: who waits for it begins again with another.
    if (election?.isHeld() === false) return
    const trouble =
      thrown instanceof HomeUnusable
        ? thrown.problem
        : problem("EngineUnreachable", errorMessage(thrown), "Read engine.log in the home.", {
            home: root
          })
    tellStarter({ state: "failed", problem: trouble })
  }
}
