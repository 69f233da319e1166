// Runs the tests of each room in a process of its own and adds up what they report.
// Arguments choose rooms by a part of their path: `bun run test core`.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "./build.ts"
import { readTally } from "./tally.ts"
import type { Tally } from "./tally.ts"
import { filesOf, install, root } from "./workspace.ts"

const perTestTimeoutMs = 30_000
const wholeTimeoutMs = 10 * 60_000

const runRoom = async (files: ReadonlyArray<string>, timeout: number): Promise<Tally> => {
  const scratch = mkdtempSync(join(tmpdir(), "backbeat-report-"))
  const xml = join(scratch, "report.xml")
  try {
    const child = Bun.spawn(
      [
        process.execPath,
        "test",
        "--only-failures",
        `--timeout=${perTestTimeoutMs}`,
        "--reporter=junit",
        `--reporter-outfile=${xml}`,
        ...files.map((file) => `./${file}`)
      ],
      { cwd: root, stdin: "ignore", stdout: "inherit", stderr: "inherit", timeout, killSignal: "SIGKILL" }
    )
    const exitCode = await child.exited
    // A test that ends the process leaves no report, whatever the exit code says.
    if (!existsSync(xml)) return { passed: 0, failed: files.length }
    const tally = readTally(readFileSync(xml, "utf8"), files)
    return exitCode === 0 ? tally : { ...tally, failed: Math.max(tally.failed, 1) }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Runs every test file whose room is chosen; a run without any test is one failure. */
export const runTests = async (chosen: ReadonlyArray<string>): Promise<Tally> => {
  const deadlineAt = performance.now() + wholeTimeoutMs
  const rooms = Map.groupBy(
    filesOf(["{packages,apps}/*/test/**/*.test.ts", "test/**/*.test.ts"]),
    (path) => /^.*?(?=\/?test\/)/u.exec(path)?.[0] ?? ""
  )
  let sum: Tally = { passed: 0, failed: 0 }
  for (const [room, files] of rooms) {
    if (chosen.length > 0 && !chosen.some((part) => room.includes(part))) continue
    console.log(`\n${room === "" ? "test" : room}`)
    const tally = await runRoom(files, Math.max(Math.ceil(deadlineAt - performance.now()), 1))
    sum = { passed: sum.passed + tally.passed, failed: sum.failed + tally.failed }
  }
  return sum.passed + sum.failed > 0 ? sum : { passed: 0, failed: 1 }
}

if (import.meta.main) {
  install()
  const { ok, output } = build()
  console.log(output)
  const tally = await runTests(process.argv.slice(2))
  console.log(`${tally.passed} passed, ${tally.failed + (ok ? 0 : 1)} failed`)
  process.exitCode = ok && tally.failed === 0 ? 0 : 1
}
