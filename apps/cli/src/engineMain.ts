/** The engine mode of the binary. */
import type { HomePaths } from "@backbeat/client/Home"
import { runWithHomeLock, type Served } from "@backbeat/engine/life/runWithHomeLock"
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

/** How the engine is run: by `serve`, or behind a call. */
export interface EngineMode {
  readonly inForeground: boolean
}

/** Runs the engine of a home until it is asked to end; returns at once if the home has one. */
export const engineMain = (
  { root, configPath }: HomePaths,
  { inForeground }: EngineMode
): Promise<Served> =>
  runWithHomeLock({ root, inForeground }, judging(process.env), async (lock) => {
    const { runEngineOnSqlite } = await import("./runEngineOnSqlite.ts")
    return runEngineOnSqlite(
      { root, configPath, version, environment: process.env, inForeground, onServing },
      lock
    )
  })
