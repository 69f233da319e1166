// The workspace as the scripts see it: where it is, what it holds, and its installed packages.
// Imports nothing that has to be installed: scripts run on a clean clone.
import { existsSync } from "node:fs"
import { join } from "node:path"

/** The folder of the repository. */
export const root = join(import.meta.dir, "..")

/** Paths under `root` that match any of `patterns`, sorted; symbolic links are not followed. */
export const filesOf = (patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  patterns
    .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync({ cwd: root, dot: true })])
    .filter((path) => !path.includes("node_modules/"))
    .toSorted()

/** Brings node_modules in line with bun.lock; a few milliseconds when it is. Ends the process when it cannot. */
export const install = (): void => {
  const fresh = !existsSync(join(root, "node_modules"))
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [process.execPath, "install", "--frozen-lockfile"],
    {
      cwd: root,
      stdin: "ignore"
    }
  )
  if (exitCode === 0 && !fresh) return
  console.log(`${stdout}${stderr}`.trim())
  if (exitCode !== 0) process.exit(1)
}
