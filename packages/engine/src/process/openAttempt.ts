/**
 * Starts one attempt of a task in its folder. From the spawn on nothing of the attempt needs this engine: it may be
 * killed at any instruction, before and after.
 */
import type { ProcessLimits } from "@backbeat/core/task/TaskSpec"
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync
} from "../system/files.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { hasProc } from "./ProcessTable.ts"
import { join, resolve } from "node:path"
import { claimAttempt, readClaim } from "./Claim.ts"
import type { AttemptEnd } from "./inspectAttempt.ts"
import { makeFifo, spawnDetached } from "../system/processes.ts"
import { errorCode, errorMessage } from "./thrown.ts"
import type { CommandSpec } from "./resolveCommand.ts"
import { interpreterOf } from "./programFile.ts"
import { notePeakMemory } from "./peakMemory.ts"
import { resolveCommand } from "./resolveCommand.ts"
import { isTooLarge, shimCall } from "./shimCall.ts"
import { hasNoRoom, isTransient, noRoom } from "./shortage.ts"
import { watchEnd } from "./watchEnd.ts"

/** Where the command's stdin comes from: nowhere, a regular file, or `sendStdin`. */
export type StdinSource =
  | { readonly kind: "null" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "open" }

/**
 * One attempt: `dir` is its own folder; with a `script` (a text for /bin/sh, or for the interpreter of its `#!` line) `argv` are the script's arguments. `env` is
 * the whole environment, its marks included. `onExit` is called once with the end.
 */
export type AttemptSpec = CommandSpec & {
  readonly dir: string
  readonly stdin: StdinSource
  /** The file mode mask of the command; 022 when absent. */
  readonly umask?: number
  /** In what the command differs from this engine. */
  readonly limits?: ProcessLimits | undefined
  readonly script?: string
  readonly onExit: (end: AttemptEnd) => void
  /** Called when the folder is ready, just before the spawn. */
  readonly onSpawn?: () => void
}

/**
 * `pid` is the shim's and leads the process group; who it is beyond the pid is told by inspectAttempt once it has claimed
 * the folder (to look here would cost more than the spawn). `claimed`: the folder has been used before, so nothing was done; inspectAttempt tells what became of it. `notSpawned`:
 * nothing runs, nor ever will in this folder. `postponed`: nothing runs because the system is short of something; nobody has
 * claimed the folder, and it can be opened later.
 */
export type OpenedAttempt =
  | { readonly kind: "opened"; readonly pid: number }
  | { readonly kind: "claimed" }
  | { readonly kind: "notSpawned"; readonly message: string }
  | { readonly kind: "postponed"; readonly message: string }

const writeScript = (dir: string, text: string): string => {
  const path = join(dir, "script")
  // Renamed, because a late shim of a killed engine may be reading it.
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o700 })
  renameSync(draft, path)
  return path
}

/**
 * What runs a script: the interpreter of its `#!` line as the kernel would call it, else `/bin/sh`. Not the file itself: its
 * disk may allow no execution, and a file that was just written may be busy.
 */
const argvOfScript = ({ dir, cwd, argv }: AttemptSpec, script: string): ReadonlyArray<string> => {
  const path = writeScript(dir, script)
  const interpreter = interpreterOf(Buffer.from(script.slice(0, 256)))
  if (interpreter === null) return ["/bin/sh", path, ...argv]
  const argument = interpreter.argument === null ? [] : [interpreter.argument]
  return [resolve(cwd, interpreter.path), ...argument, path, ...argv]
}

type Opener = (path: string, flags: number | "a") => number

const openAlive = (dir: string, open: Opener): number => {
  const alive = join(dir, "alive")
  // The call says no reason. In a folder that was just made it is most often that there is no room.
  if (!makeFifo(alive) && !existsSync(alive)) throw noRoom(dir)
  // A FIFO can be opened for writing alone only while it has a reader. With a read end of its own, a command that
  // writes to this descriptor would fill the pipe and block.
  open(alive, constants.O_RDWR)
  return open(alive, constants.O_WRONLY)
}

/** File descriptors for the shim's stdin and, when it is open, for its 5 and 6. */
const openStdin = ({ dir, stdin }: AttemptSpec, open: Opener): ReadonlyArray<number> => {
  if (stdin.kind === "null") return []
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
  return [
    open(path, constants.O_RDONLY),
    open(path, constants.O_WRONLY),
    open(join(dir, "eof"), constants.O_RDWR)
  ]
}

/** Bun opens a descriptor of the process after it has made it, and would throw with the process running. Others may take one in between. */
const spareFds = 3

/** How many descriptors this program may have; 0 where that is not known. Source: proc_pid_limits(5). */
const mostFds = ofProcess(() =>
  hasProc
    ? Number(
        /^Max open files\s+(\d+)/mu.exec(readFileSync("/proc/self/limits", "latin1"))?.[1] ?? 0
      )
    : 0
)

/** Whether too few descriptors may be left. The system gives the lowest that is free: all below the last one given are taken, and those above are free. */
const isShortOfFds = (last: number): boolean => last + 1 + spareFds > mostFds()

/** Whether the process runs although its spawn has thrown. */
const isSpawned = (thrown: unknown): boolean =>
  thrown instanceof Error && "syscall" in thrown && thrown.syscall === "pidfd_open"

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
    // The shim makes the record. Here nothing is lost yet when there is no room for it.
    if (hasNoRoom(dir)) throw noRoom(dir)
    const stdout = open(join(dir, "stdout.log"), "a")
    const stderr = open(join(dir, "stderr.log"), "a")
    const alive = openAlive(dir, open)
    const [stdin, ...openStdinFds] = openStdin(spec, open)
    const spare = isShortOfFds(Math.max(...fds))
      ? Array.from({ length: spareFds }, () => open("/dev/null", constants.O_RDONLY))
      : []
    const { cmd, env } = shimCall({
      dir,
      umask: spec.umask ?? 0o022,
      argv,
      env: spec.env,
      limits: spec.limits,
      isOpen: spec.stdin.kind === "open"
    })
    for (const fd of spare) closeSync(fd)
    fds.splice(fds.length - spare.length)
    spec.onSpawn?.()
    return spawnDetached({
      cmd,
      cwd: spec.cwd,
      env,
      stdio: [stdin ?? null, stdout, null, alive, stderr, ...openStdinFds],
      // The shim may have lost the claim to another one, or been killed while the command goes on.
      onExit: (peakBytes) => {
        notePeakMemory(dir, peakBytes)
        watchEnd(dir, onExit)
      }
    })
  } finally {
    for (const fd of fds) closeSync(fd)
  }
}

const tooLarge = "the arguments and the environment are larger than this system allows (E2BIG)"

const messageOf = (thrown: unknown): string =>
  errorCode(thrown) === "E2BIG" ? tooLarge : errorMessage(thrown)

/** Without a place for the claim there is none for an attempt either. */
const tryClaim = (dir: string, reason: string): boolean => {
  try {
    return claimAttempt(dir, reason)
  } catch {
    return false
  }
}

/** Whether the folder is new: then nobody has claimed it. */
const makeFolder = (dir: string): boolean =>
  mkdirSync(dir, { recursive: true, mode: 0o700 }) !== undefined

const rule = (dir: string, message: string): OpenedAttempt =>
  !tryClaim(dir, message) && readClaim(dir).kind !== "none"
    ? { kind: "claimed" }
    : { kind: "notSpawned", message }

/** Rules the attempt out for good, unless it has been started before: then the answer is `claimed`. */
export const preventStart = (dir: string, message: string): OpenedAttempt => {
  try {
    makeFolder(dir)
  } catch {
    // Without a place for the claim there is none for an attempt either.
  }
  return rule(dir, message)
}

/**
 * Starts the attempt, at most once per folder however often it is called. Whatever keeps it from starting for good is
 * answered as `notSpawned`, with the folder claimed (when it could be made) so that a recovery sees the same.
 */
export const openAttempt = (spec: AttemptSpec): OpenedAttempt => {
  const refuse = (message: string): OpenedAttempt => rule(spec.dir, message)
  try {
    if (!makeFolder(spec.dir) && readClaim(spec.dir).kind !== "none") return { kind: "claimed" }
    const wanted =
      spec.script === undefined ? spec : { ...spec, argv: argvOfScript(spec, spec.script) }
    const command = resolveCommand(wanted)
    if (command.kind === "notSpawned") return refuse(command.message)
    const argv = [command.path, ...wanted.argv.slice(1)]
    if (isTooLarge({ argv, env: spec.env })) return refuse(tooLarge)
    return { kind: "opened", pid: spawnShim(spec, argv) }
  } catch (thrown) {
    if (isSpawned(thrown)) return { kind: "claimed" }
    return isTransient(thrown)
      ? { kind: "postponed", message: errorMessage(thrown) }
      : refuse(messageOf(thrown))
  }
}
