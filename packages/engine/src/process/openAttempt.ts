/**
 * Starts one attempt of a task in its folder. From the spawn on nothing of the attempt needs this engine: it may be
 * killed at any instruction, before and after.
 */
import { closeSync, constants, mkdirSync, openSync, renameSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { claimAttempt, readClaim } from "./Claim.ts"
import type { AttemptEnd } from "./inspectAttempt.ts"
import { makeFifo } from "./posix.ts"
import { errorCode, errorMessage } from "../thrown.ts"
import type { CommandSpec } from "./resolveCommand.ts"
import { resolveCommand } from "./resolveCommand.ts"
import { shim } from "./shim.ts"
import { watchEnd } from "./watchEnd.ts"

/** Where the command's stdin comes from: nowhere, a regular file, or `sendStdin`. */
export type StdinSource = { readonly kind: "null" } | { readonly kind: "file"; readonly path: string } | { readonly kind: "open" }

/**
 * One attempt: `dir` is its own folder; with a `script` (a text for /bin/sh) `argv` are the script's arguments. `env` is
 * the whole environment, its marks included. `onExit` is called once with the end.
 */
export type AttemptSpec = CommandSpec & {
  readonly dir: string
  readonly stdin: StdinSource
  /** The file mode mask of the command; 022 when absent. */
  readonly umask?: number
  readonly script?: string
  readonly onExit: (end: AttemptEnd) => void
}

/**
 * `pid` is the shim's and leads the process group; who it is beyond the pid is told by inspectAttempt once it has claimed
 * the folder (to look here would cost more than the spawn). `claimed`: the folder has been used before, so nothing was done; inspectAttempt tells what became of it. `notSpawned`:
 * nothing runs, nor ever will in this folder.
 */
export type OpenedAttempt =
  | { readonly kind: "opened"; readonly pid: number }
  | { readonly kind: "claimed" }
  | { readonly kind: "notSpawned"; readonly message: string }

const writeScript = (dir: string, text: string): string => {
  const path = join(dir, "script")
  // Renamed, because a late shim of a killed engine may be reading it.
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, path)
  return path
}

type Opener = (path: string, flags: number | "a") => number

/** File descriptors for the shim's stdin and, when it is open, for its 4 and 5. */
const openStdin = ({ dir, stdin }: AttemptSpec, open: Opener): ReadonlyArray<number> => {
  if (stdin.kind === "null") return [open("/dev/null", constants.O_RDONLY)]
  if (stdin.kind === "file") {
    // Opening a FIFO without a writer would block this engine.
    const found = statSync(stdin.path, { throwIfNoEntry: false })
    if (found === undefined) throw new Error(`the file for stdin does not exist: ${stdin.path}`)
    if (!found.isFile()) throw new Error(`stdin is not a regular file: ${stdin.path}`)
    return [open(stdin.path, constants.O_RDONLY)]
  }
  const path = join(dir, "stdin")
  makeFifo(path)
  makeFifo(join(dir, "eof"))
  // With both ends open neither of the next two opens blocks; the command must not hold a write end itself.
  open(path, constants.O_RDWR)
  return [open(path, constants.O_RDONLY), open(path, constants.O_WRONLY), open(join(dir, "eof"), constants.O_RDWR)]
}

const spawnShim = (spec: AttemptSpec, argv: ReadonlyArray<string>): number => {
  // What the end needs, by itself: the environment of a thousand running tasks would be kept with it otherwise.
  const { dir, onExit } = spec
  const fds: Array<number> = []
  const open: Opener = (path, flags) => {
    const fd = openSync(path, flags, 0o600)
    fds.push(fd)
    return fd
  }
  try {
    const stdout = open(join(dir, "stdout.log"), "a")
    const stderr = open(join(dir, "stderr.log"), "a")
    const alive = join(dir, "alive")
    makeFifo(alive)
    // A FIFO can be opened for writing alone only while it has a reader. With a read end of its own, a command that
    // writes to this descriptor would fill the pipe and block.
    open(alive, constants.O_RDWR)
    const [stdin, ...openStdinFds] = openStdin(spec, open)
    const child = Bun.spawn({
      cmd: ["/bin/sh", "-c", shim, dir, (spec.umask ?? 0o022).toString(8), ...argv],
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: [stdin ?? null, stdout, stderr, open(alive, constants.O_WRONLY), ...openStdinFds],
      // The shim may have lost the claim to another one, or been killed while the command goes on.
      onExit: () => void watchEnd(dir, onExit),
    })
    child.unref()
    return child.pid
  } finally {
    for (const fd of fds) closeSync(fd)
  }
}

const messageOf = (thrown: unknown): string =>
  errorCode(thrown) === "E2BIG"
    ? "the arguments and the environment are larger than this system allows (E2BIG)"
    : errorMessage(thrown)

/** Without a place for the claim there is none for an attempt either. */
const tryClaim = (dir: string, reason: string): boolean => {
  try {
    return claimAttempt(dir, reason)
  } catch {
    return false
  }
}

const makeFolder = (dir: string): void => void mkdirSync(dir, { recursive: true, mode: 0o700 })

const rule = (dir: string, message: string): OpenedAttempt =>
  !tryClaim(dir, message) && readClaim(dir).kind !== "none" ? { kind: "claimed" } : { kind: "notSpawned", message }

/** Rules the attempt out for good, unless it has been started before: then the answer is `claimed`. */
export const ruleOut = (dir: string, message: string): OpenedAttempt => {
  try {
    makeFolder(dir)
  } catch {
    // Without a place for the claim there is none for an attempt either.
  }
  return rule(dir, message)
}

/**
 * Starts the attempt, at most once per folder however often it is called. Whatever keeps it from starting is answered as
 * `notSpawned`, with the folder claimed (when it could be made) so that a recovery sees the same.
 */
export const openAttempt = (spec: AttemptSpec): OpenedAttempt => {
  const refuse = (message: string): OpenedAttempt => rule(spec.dir, message)
  try {
    makeFolder(spec.dir)
    if (readClaim(spec.dir).kind !== "none") return { kind: "claimed" }
    const wanted = spec.script === undefined ? spec : { ...spec, argv: ["/bin/sh", writeScript(spec.dir, spec.script), ...spec.argv] }
    const command = resolveCommand(wanted)
    if (command.kind === "notSpawned") return refuse(command.message)
    return { kind: "opened", pid: spawnShim(spec, [command.path, ...wanted.argv.slice(1)]) }
  } catch (thrown) {
    return refuse(messageOf(thrown))
  }
}
