/** The engine role of the binary. */
import { standForElection } from "@backbeat/engine/life/standForElection"
import { judging } from "./judging.ts"
import { version } from "./version.ts"

declare module "bun" {
  // Missing in Bun's own types.
  namespace unsafe {
    function setJITPolicy(policy: number): void
  }
}

/** The binary is built to compile late, because most of its runs are short. This one is not, but its beginning is awaited. */
const begun = (): void => Bun.unsafe.setJITPolicy(1)

/** Becomes the engine of a home, unless it has one, and lives until it is asked to end. */
export const beEngine = (root: string, configPath: string): Promise<void> =>
  standForElection(root, judging(process.env), async (election) => {
    const { reignWithSqlite } = await import("./reignWithSqlite.ts")
    await reignWithSqlite({ root, configPath, version, environment: process.env, begun }, election)
  })
