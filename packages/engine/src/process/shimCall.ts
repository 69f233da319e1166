/** How the shim is called: by a shell that hands every variable on, with the command in a variable. */
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
  /** In what the command differs from the engine. */
  readonly limits?: ProcessLimits | undefined
  /** Whether the command's stdin is open, so that it needs a holder. */
  readonly isOpen: boolean
}

/** What the shim calls itself: the last of its arguments. */
export const shimName = "backbeat-shim"

/** The variable that has the shim's order, in its environment alone. */
export const orderVariable = "_backbeat_order"

/** How much further the clock of process starts is than the monotonic one, in milliseconds; that counts the sleep of the machine too, so it never lags. */
const bootLeadMs = ofProcess(() =>
  hasProc ? Number.parseFloat(readFileSync("/proc/uptime", "latin1")) * 1000 - steadyMs() : 0
)

/** What tells this shim from every other process: the ticks since boot before which it did not begin, the instant, the boot. Source: proc_pid_stat(5). */
const order = (): string => {
  const ticks = hasProc ? Math.max(0, Math.floor((bootLeadMs() + steadyMs()) / 10)) : 0
  return `${ticks} ${wallNow()} ${currentBootId()}`
}

/** What is spawned. */
export interface ShimCall {
  readonly cmd: Array<string>
  readonly env: Readonly<Record<string, string>>
}

/** So many bytes of arguments stand in a variable, for which the kernel has room up to 128 KB; more stand in a file. Source: execve(2). */
const mostInVariable = 100_000

/** The longest argument that the kernel takes, in bytes with its end. Source: MAX_ARG_STRLEN of execve(2). */
const longestArgument = 131_072

/** What the arguments and the environment may take together, in bytes, where the stack is not limited. Source: execve(2). */
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

/** Whether the kernel would refuse to execute this (E2BIG). The shim could not tell that from an exit code. */
export const isTooLarge = ({ argv, env }: Pick<ShimOrder, "argv" | "env">): boolean => {
  const texts = [...argv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
  const bytes = bytesOf(texts)
  // A quarter of a MiB fits under every limit, and it is not looked up.
  if (bytes < longestArgument) return false
  return (
    texts.some((text) => Buffer.byteLength(text) >= longestArgument) ||
    bytes > Math.max(longestArgument, Math.min(stackBytes() / 4, mostBytes))
  )
}

const shellName = /^[A-Za-z_]\w*$/u

const isShellName = (name: string): boolean => shellName.test(name)

/** The bash of this machine, or null. The variables of a task have no say in that. */
export const bashPath = (): string | null =>
  ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"].find((path) => existsSync(path)) ?? null

/** The names of an environment that `/bin/sh` may drop: dash hands only shell names on, bash all. */
export const oddNames = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => !isShellName(name))

/** The shell that hands the whole environment on, as it begins an argument vector. Plain `/bin/sh` wherever that is enough. */
export const shellFor = (
  env: Readonly<Record<string, string | undefined>>
): ReadonlyArray<string> => {
  const bash = oddNames(Object.keys(env)).length === 0 ? null : bashPath()
  return bash === null ? ["/bin/sh"] : [bash, "--posix"]
}

const localeName = /^(?:LANG|LC_[A-Z]+)$/u

/** Sets the variables of the command's locale. bash tells of a locale that the machine does not have, on the stderr that is for deaths by signal. */
const settingLocale = (names: ReadonlyArray<string>, env: ShimOrder["env"]): string =>
  names.length === 0
    ? ""
    : `{ export ${names.map((name) => `${name}=${quoted(env[name] ?? "")}`).join(" ")}; } 2>/dev/null`

/** The call of the shim for one attempt. Writes the arguments into its folder when they are too many for a variable. */
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
