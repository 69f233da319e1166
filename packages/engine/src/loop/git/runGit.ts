/**
 * Runs git for a loop. It looks at its folder alone, whatever the environment of a caller says, and runs no hook, no monitor and no
 * program that asks. While another git holds a lock, it is run again and again: the system has no event for the end of that.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { type ProgramEnd, runProgram } from "../../process/runProgram.ts"
import type { Variables } from "../../home/TaskEnvironment.ts"

/** Git refused; the message has its words. */
export class GitFailed extends Data.TaggedError("GitFailed")<{ readonly message: string }> {}

/** Where git is run, and with whose programs and settings. */
export interface GitPlace {
  readonly cwd: string
  readonly environment: Variables
}

/** How git is run, where it is not as usual. */
export interface GitOptions {
  /** Variables of git. */
  readonly env?: Variables
  /** Exit codes beside 0 that are no failure. */
  readonly accepts?: ReadonlyArray<number>
  readonly stdin?: string
}

/** Checking out a large repository takes its time. */
const timeoutMs = 600_000

const lockTries = 40
const lockPauseMs = 250

const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "commit.gpgSign=false",
  "gc.auto=0",
  "advice.addEmbeddedRepo=false",
  "core.quotePath=false"
].flatMap((setting) => ["-c", setting])

/** Only what tells where programs and settings are: a hook of a repository sets variables that would lead elsewhere. */
const kept = ["PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SSL_CERT_FILE", "GIT_CONFIG_GLOBAL"]

const environmentOf = (environment: Variables): Variables => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: "/",
  ...Object.fromEntries(
    kept.flatMap((name) =>
      environment[name] === undefined ? [] : [[name, environment[name]] as const]
    )
  ),
  LC_ALL: "C",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0"
})

const isLocked = ({ stderr }: ProgramEnd): boolean =>
  /(?:\.lock['": ]|cannot lock ref|Unable to create '[^']*\.lock')/u.test(stderr)

const words = ({ stderr, stdout, exitCode }: ProgramEnd): string => {
  const lines = `${stderr}\n${stdout}`.split("\n").filter((line) => line.trim() !== "")
  const told = lines.slice(-3).join(" ").slice(0, 500)
  return told === "" ? `exit code ${exitCode ?? "unknown"}` : told
}

/** The output of a git command with its exit code. Fails with GitFailed. */
export const tryGit = (
  { cwd, environment }: GitPlace,
  args: ReadonlyArray<string>,
  { env = {}, accepts = [], stdin }: GitOptions = {}
): Effect.Effect<ProgramEnd, GitFailed> => {
  const once = Effect.promise(() =>
    runProgram({
      cmd: ["git", ...settings, ...args],
      cwd,
      env: { ...environmentOf(environment), ...env },
      timeoutMs,
      ...(stdin === undefined ? {} : { stdin })
    })
  )
  const again = (tries: number): Effect.Effect<ProgramEnd, GitFailed> =>
    Effect.flatMap(once, (end) => {
      if (end.exitCode !== null && [0, ...accepts].includes(end.exitCode))
        return Effect.succeed(end)
      if (isLocked(end) && tries < lockTries)
        return Effect.andThen(
          Effect.sleep(lockPauseMs),
          Effect.suspend(() => again(tries + 1))
        )
      return new GitFailed({ message: `git ${args[0] ?? ""}: ${words(end)}` })
    })
  return again(0)
}

/** The output of a git command without its last newline. Fails with GitFailed. */
export const git = (
  place: GitPlace,
  args: ReadonlyArray<string>,
  options: GitOptions = {}
): Effect.Effect<string, GitFailed> =>
  Effect.map(tryGit(place, args, options), ({ stdout }) => stdout.replace(/\n$/u, ""))

/** The paths of an output that ends each with NUL. */
export const nulPaths = (text: string): ReadonlyArray<string> =>
  text.split("\0").filter((path) => path !== "")
