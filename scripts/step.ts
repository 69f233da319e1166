// One step of a script: a program that runs to its end, and a line that says how it went.
import { root } from "./workspace.ts"

/** How a step ended. */
export interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly output: string
  readonly elapsedMs: number
}

const timeoutMs = 3 * 60_000

/** Runs a JavaScript program with this Bun and without a stdin; keeps what it prints. Kills it after three minutes. */
export const step = async (name: string, argv: ReadonlyArray<string>): Promise<Outcome> => {
  const startedAt = performance.now()
  const child = Bun.spawn([process.execPath, ...argv], {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL"
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited
  ])
  return {
    name,
    ok: exitCode === 0,
    output: `${stdout}${stderr}`.trim(),
    elapsedMs: performance.now() - startedAt
  }
}

/** Prints the verdict of a step, and what it said when it failed. */
export const report = ({ name, ok, output, elapsedMs }: Outcome): void => {
  if (!ok) console.log(output)
  console.log(`${ok ? "ok  " : "FAIL"} ${name} (${(elapsedMs / 1000).toFixed(1)} s)`)
}
