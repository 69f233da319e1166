// Shows backbeat at work from a clean clone: installs and builds what is missing, then starts a task in a
// state home of its own, waits for it, and prints its status and its log. Leaves nothing behind.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { binary, build } from "./build.ts"
import { install } from "./workspace.ts"

const task = JSON.stringify({
  id: "demo",
  script: 'for n in 1 2 3; do echo "beat $n"; sleep 0.2; done'
})
const byId = JSON.stringify({ id: "demo" })

/** Calls the binary with the given home, shows the call and its answer, and gives the answer back. */
const call = (home: string, ...argv: ReadonlyArray<string>): string => {
  const shown = argv.map((word) => (/^[\w-]+$/u.test(word) ? word : `'${word}'`)).join(" ")
  console.log(`\n$ backbeat ${shown}`)
  const env = { ...process.env, BACKBEAT_HOME: home }
  const { exitCode, stdout, stderr } = Bun.spawnSync([binary, ...argv], {
    cwd: home,
    env,
    stdin: "ignore",
    timeout: 60_000
  })
  console.log(`${stdout}${stderr}`.trim())
  if (exitCode !== 0) throw new Error(`backbeat ${argv[0]} ended with exit code ${exitCode}`)
  return stdout.toString()
}

const demonstrate = (home: string): void => {
  try {
    call(home, "start", task)
    call(home, "wait", byId)
    const status = call(home, "status", byId)
    const logs = call(home, "logs", byId)
    if (!status.includes('"status":"completed"') || !logs.includes("beat 3"))
      throw new Error("the task did not run to its end")
  } finally {
    call(home, "engine", "stop")
  }
}

install()
const { ok, output } = build()
console.log(output)
if (!ok) process.exit(1)
const home = mkdtempSync(join(tmpdir(), "backbeat-demo-"))
try {
  demonstrate(home)
  console.log("\nThe demo ran in a home of its own, which is gone. The binary is dist/backbeat.")
} catch (error) {
  console.log(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  rmSync(home, { recursive: true, force: true })
}
