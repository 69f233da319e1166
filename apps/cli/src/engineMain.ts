/** The engine mode of the binary. */
import { runWithHomeLock } from "@backbeat/engine/life/runWithHomeLock"
import { judging } from "./judging.ts"
import { version } from "./version.ts"

declare module "bun" {
  // Missing in Bun's own types.
  namespace unsafe {
    function setJITPolicy(policy: number): void
  }
}

/**
 * The binary compiles late, because most of its runs are short. The engine runs long, so it
 * compiles earlier, but only after it serves.
 */
const onServing = (): void => Bun.unsafe.setJITPolicy(1)

/** Runs the engine of a home until it is asked to end; returns at once if the home has one. */
export const engineMain = (root: string, configPath: string): Promise<void> =>
  runWithHomeLock(root, judging(process.env), async (lock) => {
    const { runEngineOnSqlite } = await import("./runEngineOnSqlite.ts")
    await runEngineOnSqlite(
      { root, configPath, version, environment: process.env, onServing },
      lock
    )
  })
