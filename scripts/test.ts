// Runs the test files in groups, two groups at a time, each in its own process, and adds up the reports.
// Arguments choose packages by a part of their path: `bun run test core`. With --coverage each package runs as one group and shows its coverage;
// with --long the tests are as large as their cases say, for an hour or so: what takes more than seconds is scaled down without.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "./build.ts"
import { readTally } from "./tally.ts"
import type { Tally } from "./tally.ts"
import { filesOf, install, root } from "./workspace.ts"

const perTestTimeoutMs = 30_000
const wholeTimeoutMs = 15 * 60_000
/** Most tests wait for processes, so two groups share two processors well. */
const lanes = 2
const filesPerGroup = 6
/** The slowest folders. Their groups come first and those of the very first are small, so that no lane waits for a long one at the end. */
const slowest = ["apps/cli/test/chaos/", "apps/cli/", "packages/engine/", "packages/contract/"]
const slowFilesPerGroup = 2
/** How many tests of a file that allows it run at a time. */
const atOnce = 3

interface Group {
  readonly room: string
  readonly files: ReadonlyArray<string>
}

/** How a run of tests goes about it. */
interface Manner {
  readonly coverage: boolean
}

const runGroup = async (
  { room, files }: Group,
  timeout: number,
  { coverage }: Manner
): Promise<Tally> => {
  const scratch = mkdtempSync(join(tmpdir(), "backbeat-report-"))
  const xml = join(scratch, "report.xml")
  try {
    const child = Bun.spawn(
      [
        process.execPath,
        "test",
        "--only-failures",
        ...(coverage ? ["--coverage"] : []),
        `--timeout=${perTestTimeoutMs}`,
        `--max-concurrency=${atOnce}`,
        "--reporter=junit",
        `--reporter-outfile=${xml}`,
        ...files.map((file) => `./${file}`)
      ],
      { cwd: root, stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout, killSignal: "SIGKILL" }
    )
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited
    ])
    console.log(`\n${room === "" ? "test" : room}\n${stdout}${stderr}`.trimEnd())
    // A test that ends the process leaves no report, whatever the exit code says.
    if (!existsSync(xml)) return { passed: 0, failed: files.length }
    const tally = readTally(readFileSync(xml, "utf8"), files)
    return exitCode === 0 ? tally : { ...tally, failed: Math.max(tally.failed, 1) }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** The rank of a file by how long its folder takes: 0 is the slowest. */
const rankOf = (path: string): number => {
  const rank = slowest.findIndex((folder) => path.startsWith(folder))
  return rank === -1 ? slowest.length : rank
}

const roomOf = (path: string): string => /^.*?(?=\/?test\/)/u.exec(path)?.[0] ?? ""

const groupsOf = (chosen: ReadonlyArray<string>, { coverage }: Manner): Array<Group> => {
  const files = filesOf(["{packages,apps}/*/test/**/*.test.ts", "test/**/*.test.ts"]).filter(
    (path) => chosen.length === 0 || chosen.some((part) => roomOf(path).includes(part))
  )
  const alike = Map.groupBy(files, (path) => `${rankOf(path)} ${roomOf(path)}`)
  return [...alike.values()]
    .flatMap((together) => {
      const [first = ""] = together
      const few = rankOf(first) === 0 ? slowFilesPerGroup : filesPerGroup
      const size = coverage ? together.length : few
      return Array.from({ length: Math.ceil(together.length / size) }, (_, index) => ({
        room: roomOf(first),
        rank: rankOf(first),
        files: together.slice(index * size, (index + 1) * size)
      }))
    })
    .toSorted((one, other) => one.rank - other.rank)
}

/** Runs every test file of the chosen packages. A run without any test counts as one failure. */
export const runTests = async (
  chosen: ReadonlyArray<string>,
  manner: Manner = { coverage: false }
): Promise<Tally> => {
  const deadlineAt = performance.now() + wholeTimeoutMs
  const waiting = groupsOf(chosen, manner)
  let sum: Tally = { passed: 0, failed: 0 }
  const runLane = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const tally = await runGroup(
        group,
        Math.max(Math.ceil(deadlineAt - performance.now()), 1),
        manner
      )
      sum = { passed: sum.passed + tally.passed, failed: sum.failed + tally.failed }
    }
  }
  await Promise.all(Array.from({ length: lanes }, runLane))
  return sum.passed + sum.failed > 0 ? sum : { passed: 0, failed: 1 }
}

if (import.meta.main) {
  install()
  const { ok, output } = build()
  console.log(output)
  const given = process.argv.slice(2)
  if (given.includes("--long")) process.env["BACKBEAT_LONG"] = "1"
  const tally = await runTests(
    given.filter((each) => !each.startsWith("--")),
    { coverage: given.includes("--coverage") }
  )
  console.log(`${tally.passed} passed, ${tally.failed + (ok ? 0 : 1)} failed`)
  process.exitCode = ok && tally.failed === 0 ? 0 : 1
}
