// Tests backbeat with the real agent CLIs, in pinned versions, against a mock model: no login, no network but npm's.
// Not a part of verify: the CLIs are a gigabyte. Arguments choose test files by a part of their path.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { build } from "./build.ts"
import { filesOf, install, root } from "./workspace.ts"

const perTestTimeoutMs = 120_000
const pinned = join(root, "apps/cli/test/agent/pinned/package.json")
const cache = join(root, "node_modules/.cache/backbeat-agents")
const stamp = join(cache, "installed.json")

/** Installs what is pinned, unless it is there; answers with the folder of the executables. Throws when npm fails. */
const installAgents = (): string => {
  const bin = join(cache, "node_modules/.bin")
  const wanted = readFileSync(pinned, "utf8")
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return bin
  rmSync(cache, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  copyFileSync(pinned, join(cache, "package.json"))
  const { exitCode } = Bun.spawnSync(
    ["npm", "install", "--prefix", cache, "--no-audit", "--no-fund"],
    {
      cwd: cache,
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit"
    }
  )
  if (exitCode !== 0) throw new Error(`npm install ended with ${exitCode}`)
  writeFileSync(stamp, wanted)
  return bin
}

if (import.meta.main) {
  install()
  const { ok, output } = build()
  console.log(output)
  if (!ok) throw new Error("the binary could not be built")
  const bin = installAgents()
  const chosen = process.argv.slice(2)
  const files = filesOf(["apps/cli/test/agent/real/**/*.real.ts"]).filter(
    (path) => chosen.length === 0 || chosen.some((part) => path.includes(part))
  )
  if (files.length === 0) throw new Error("no test file is chosen")
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      `--timeout=${perTestTimeoutMs}`,
      ...files.map((file) => `./${file}`)
    ],
    {
      cwd: root,
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit"
    }
  )
  process.exitCode = await child.exited
}
