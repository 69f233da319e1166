/**
 * Builds the call of the shim: by a shell that passes on every variable, with the command in a
 * variable.
 */
import { existsSync, readFileSync, writeFileSync } from "../system/files.ts"
import { join } from "node:path"
import type { ProcessLimits } from "@backbeat/core/task/TaskSpec"
import { niceArguments, ulimits } from "./processLimits.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { steadyMs, wallNow } from "../system/time.ts"
import { currentBootId } from "./Identity.ts"
import { hasProc } from "./ProcessTable.ts"
import { shimText } from "./shim.ts"

/** What the shim runs. */
export interface ShimOrder {
  readonly dir: string
  readonly umask: number
  /** The command's file and its arguments. */
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** The limits in which the command differs from the engine. */
  readonly limits?: ProcessLimits | undefined
  /** Whether the command's stdin is open, so that it needs a holder. */
  readonly isOpen: boolean
}

/** The name of the shim, the last of its arguments. */
export const shimName = "backbeat-shim"

/** The variable with the shim's order, only in its environment. */
export const orderVariable = "_backbeat_order"

/**
 * How far the clock of process starts is ahead of the monotonic clock (ms). It includes the sleep
 * of the machine, so it is never behind.
 */
const bootLeadMs = ofProcess(() =>
  hasProc ? Number.parseFloat(readFileSync("/proc/uptime", "latin1")) * 1000 - steadyMs() : 0
)

/**
 * Identifies this shim among all processes: the ticks since boot before which it did not start, the
 * instant, the boot. Source: proc_pid_stat(5).
 */
const order = (): string => {
  const ticks = hasProc ? Math.max(0, Math.floor((bootLeadMs() + steadyMs()) / 10)) : 0
  return `${ticks} ${wallNow()} ${currentBootId()}`
}

/** The program to spawn. */
export interface ShimCall {
  readonly cmd: Array<string>
  readonly env: Readonly<Record<string, string>>
}

/**
 * How many bytes of arguments are put into a variable, for which the kernel allows 128 KB; more are
 * put into a file. Source: execve(2).
 */
const mostInVariable = 100_000

/**
 * The longest argument that the kernel accepts, in bytes with its NUL. Source: MAX_ARG_STRLEN of
 * execve(2).
 */
const longestArgument = 131_072

/**
 * The total size of arguments and environment in bytes if the stack is not limited. Source:
 * execve(2).
 */
const mostBytes = 6 * 1024 * 1024

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The soft limit of this program's stack, in bytes; the shim inherits it. */
const stackBytes = (): number => {
  if (!hasProc) return 4 * 1024 * 1024
  const found = /^Max stack size\s+(\d+)/mu.exec(readFileSync("/proc/self/limits", "latin1"))?.[1]
  return found === undefined ? Number.POSITIVE_INFINITY : Number(found)
}

const bytesOf = (texts: ReadonlyArray<string>): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 9, 0)

/**
 * Whether the kernel would reject the execution (E2BIG). The shim could not distinguish that from
 * an exit code.
 */
export const isTooLarge = ({ argv, env }: Pick<ShimOrder, "argv" | "env">): boolean => {
  const texts = [...argv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
  const bytes = bytesOf(texts)
  // A quarter of a MiB is below every limit, and needs no check.
  if (bytes < longestArgument) return false
  return (
    texts.some((text) => Buffer.byteLength(text) >= longestArgument) ||
    bytes > Math.max(longestArgument, Math.min(stackBytes() / 4, mostBytes))
  )
}

const shellName = /^[A-Za-z_]\w*$/u

const isShellName = (name: string): boolean => shellName.test(name)

/** The bash of this machine, or null. The variables of a task do not affect it. */
export const bashPath = (): string | null =>
  ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"].find((path) => existsSync(path)) ?? null

/** The names of variables that `/bin/sh` may drop: dash passes on only shell names, bash all. */
export const oddNames = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => !isShellName(name))

/**
 * The start of the argument vector of a shell that passes on the whole environment. Plain `/bin/sh`
 * if that is enough.
 */
export const shellFor = (
  env: Readonly<Record<string, string | undefined>>
): ReadonlyArray<string> => {
  const bash = oddNames(Object.keys(env)).length === 0 ? null : bashPath()
  return bash === null ? ["/bin/sh"] : [bash, "--posix"]
}

const localeName = /^(?:LANG|LC_[A-Z]+)$/u

/**
 * Sets the variables of the command's locale. bash reports a missing locale on the stderr that is
 * for deaths by signal.
 */
const settingLocale = (names: ReadonlyArray<string>, env: ShimOrder["env"]): string =>
  names.length === 0
    ? ""
    : `{ export ${names.map((name) => `${name}=${quoted(env[name] ?? "")}`).join(" ")}; } 2>/dev/null`

/**
 * The call of the shim for one attempt. Writes the arguments into its folder if they are too long
 * for a variable.
 */
export const shimCall = ({ dir, umask, argv, env, isOpen, limits = {} }: ShimOrder): ShimCall => {
  const locale = Object.keys(env).filter((name) => localeName.test(name))
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !localeName.test(name)))
  const its = [ulimits(limits), settingLocale(locale, env)].filter((each) => each !== "").join("\n")
  const set = `set -- ${[umask.toString(8), ...argv].map(quoted).join(" ")}${its === "" ? "" : `\n_backbeat_limits=${quoted(its)}`}`
  const isLong = Buffer.byteLength(set) > mostInVariable
  if (isLong) writeFileSync(join(dir, "argv"), `${set}\n`, { mode: 0o600 })
  return {
    cmd: [...niceArguments(limits), ...shellFor(env), "-c", shimText(isOpen), shimName],
    env: {
      ...own,
      _backbeat_at: dir,
      [orderVariable]: order(),
      _backbeat_run: isLong ? `. "$_backbeat_dir/argv"` : set
    }
  }
}
