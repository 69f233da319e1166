// Two thousand rounds of each means: hours. `--rounds 200` for fewer, `--seed 7` to repeat.
import { install, root } from "./workspace.ts"

install()
const child = Bun.spawn(
  [process.execPath, "apps/cli/test/chaos/soak.ts", "--faults", ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"]
  }
)
process.exitCode = await child.exited
