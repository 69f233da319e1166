/** What every benchmark needs: a scratch home, a prepared shell line, and hyperfine's medians side by side. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The compiled binary. */
export const binary = join(import.meta.dir, "..", "dist", "backbeat")

/** A scratch folder with a home in it, removed at the end together with its engine. */
export class Scratch {
  readonly dir = mkdtempSync(join(tmpdir(), "backbeat-bench-"))
  readonly home = join(this.dir, "home")
  readonly env: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    HOME: this.dir,
    BACKBEAT_HOME: this.home,
    TS_SOCKET: join(this.dir, "tsp.sock"),
    TMPDIR: this.dir
  }

  /** Runs the binary; gives stdout. Throws when it fails. */
  run(...args: ReadonlyArray<string>): string {
    const { exitCode, stdout, stderr } = Bun.spawnSync([binary, ...args], {
      env: this.env,
      cwd: this.dir
    })
    if (exitCode !== 0) throw new Error(`backbeat ${args.join(" ")}: ${stderr.toString()}`)
    return stdout.toString()
  }

  file(name: string, text: string): string {
    const path = join(this.dir, name)
    writeFileSync(path, text)
    return path
  }

  [Symbol.dispose](): void {
    Bun.spawnSync([binary, "engine", "stop"], { env: this.env })
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** One line of a comparison: what is run, and what has to be done before each run. */
export interface Candidate {
  readonly name: string
  readonly line: string
  readonly prepare?: string
}

const timesIn = (text: string): ReadonlyArray<ReadonlyArray<number>> => {
  const parsed: unknown = JSON.parse(text)
  if (
    typeof parsed !== "object" ||
    parsed === null ||
    !("results" in parsed) ||
    !Array.isArray(parsed.results)
  ) {
    throw new Error("hyperfine wrote no results")
  }
  return parsed.results.map((result: unknown) => {
    const times =
      typeof result === "object" && result !== null && "times" in result ? result.times : undefined
    return Array.isArray(times) ? times.map((seconds) => Number(seconds) * 1000) : []
  })
}

const medianOf = (times: ReadonlyArray<number>): number =>
  times.toSorted((left, right) => left - right)[times.length >> 1] ?? Number.NaN

/** How often the candidates take turns: a machine that is slower for some seconds is slower for all of them. */
const rounds = 5

/** Medians in milliseconds of that many runs of each candidate by hyperfine, in turns. */
export const compare = (
  scratch: Scratch,
  candidates: ReadonlyArray<Candidate>,
  runs: number
): ReadonlyArray<number> => {
  const report = join(scratch.dir, "hyperfine.json")
  const prepared = candidates.some((each) => each.prepare !== undefined)
  const args = [
    "--warmup",
    "3",
    "--runs",
    String(Math.ceil(runs / rounds)),
    "--export-json",
    report,
    "--style",
    "none"
  ]
  const prepares = prepared
    ? candidates.flatMap((each) => ["--prepare", each.prepare ?? "true"])
    : []
  const command = [
    "hyperfine",
    ...(prepared ? [] : ["-N"]),
    ...args,
    ...prepares,
    ...candidates.map((each) => each.line)
  ]
  const times = candidates.map((): Array<number> => [])
  for (let round = 0; round < rounds; round++) {
    const { exitCode, stderr } = Bun.spawnSync(command, { env: scratch.env, cwd: scratch.dir })
    if (exitCode !== 0) throw new Error(stderr.toString())
    timesIn(readFileSync(report, "utf8")).forEach((more, index) => times[index]?.push(...more))
  }
  return times.map(medianOf)
}

/** Prints medians with their ratio to the first. */
export const show = (
  title: string,
  candidates: ReadonlyArray<Candidate>,
  medians: ReadonlyArray<number>
): void => {
  const floor = medians[0] ?? Number.NaN
  console.log(`\n${title}`)
  candidates.forEach(({ name }, index) => {
    const ms = medians[index] ?? Number.NaN
    console.log(
      `  ${name.padEnd(44)} ${ms.toFixed(2).padStart(9)} ms  ${(ms / floor).toFixed(2)} x`
    )
  })
}
