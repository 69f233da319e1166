/**
 * Finds the file that a command means, as execvp(3) does, and says beforehand what would keep it from being started:
 * behind the shim a command that does not exist could not be told from one that exits 127.
 */
import { accessSync, constants, type FileStat, statSync } from "../system/files.ts"
import { isAbsolute, resolve } from "node:path"
import { errorCode } from "./thrown.ts"
import { programAt } from "./programFile.ts"

/** What a command is looked up by: its argv, its working directory, and the PATH of its own environment. */
export type CommandSpec = {
  readonly argv: ReadonlyArray<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** The absolute path of the command's file, or why it cannot be started. */
export type ResolvedCommand =
  | { readonly kind: "resolved"; readonly path: string }
  | { readonly kind: "notSpawned"; readonly message: string }

const defaultPath = "/usr/local/bin:/usr/bin:/bin"

const notSpawned = (message: string): ResolvedCommand => ({ kind: "notSpawned", message })

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Like statSync, but null for whatever cannot be looked at. */
const statOf = (path: string) => {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    return null
  }
}

/** Why a path cannot be looked at. */
const unseen = (path: string): string => {
  try {
    statSync(path)
  } catch (thrown) {
    const code = errorCode(thrown)
    if (code === "ELOOP") return `its symbolic links lead in a circle: ${path}`
    if (code !== "ENOENT" && code !== "ENOTDIR") return `cannot be looked up (${code}): ${path}`
  }
  return `no such file: ${path}`
}

/** Why a file is not a command; null when it is one. */
const refusalOf = (path: string, stat: FileStat | null): string | null => {
  if (stat === null) return unseen(path)
  if (stat.isDirectory()) return `is a directory: ${path}`
  if (!stat.isFile()) return `is not a file: ${path}`
  return isExecutable(path) ? null : `not executable: ${path}`
}

/** How many interpreters of interpreters the kernel follows. Source: execve(2). */
const mostInterpreters = 5

/** Why the kernel would not execute a file that may be executed; null when it would. `depth` counts interpreters. */
const formatRefusal = (
  path: string,
  stat: FileStat | null,
  cwd: string,
  depth: number
): string | null => {
  const program = stat === null ? null : programAt(path, stat)
  if (program === null) return null
  if (program.otherMachine !== null) return `${path} ${program.otherMachine}`
  const script = program.interpreter
  const interpreter = script?.path ?? program.loader
  if (interpreter === null) return null
  if (script !== null && depth === mostInterpreters)
    return `${path} has a longer chain of interpreters than the system allows`
  const at = resolve(cwd, interpreter)
  const found = statOf(at)
  const refusal = refusalOf(at, found) ?? formatRefusal(at, found, cwd, depth + 1)
  return refusal === null ? null : `the interpreter of ${path} cannot be run: ${refusal}`
}

const checkFormat = (path: string, stat: FileStat | null, cwd: string): ResolvedCommand => {
  const refusal = formatRefusal(path, stat, cwd, 0)
  return refusal === null ? { kind: "resolved", path } : notSpawned(refusal)
}

/** Why nothing can work in a directory; null when it can. */
export const refusedFolder = (cwd: string): string | null => {
  if (!isAbsolute(cwd)) return `the working directory is not an absolute path: ${cwd}`
  const stat = statOf(cwd)
  if (stat === null) return `the working directory does not exist: ${cwd}`
  if (!stat.isDirectory()) return `the working directory is not a directory: ${cwd}`
  return isExecutable(cwd) ? null : `the working directory cannot be entered: ${cwd}`
}

const hasNul = ({ argv, cwd, env }: CommandSpec): boolean =>
  argv.some((each) => each.includes("\0")) ||
  cwd.includes("\0") ||
  Object.entries(env).some(([name, value]) => name.includes("\0") || value.includes("\0"))

const searchPath = (command: string, { cwd, env }: CommandSpec): ResolvedCommand => {
  let found: string | null = null
  for (const folder of (env["PATH"] ?? defaultPath).split(":")) {
    const path = resolve(cwd, folder, command)
    const stat = statOf(path)
    if (stat === null || stat.isDirectory()) continue
    const refusal = refusalOf(path, stat)
    if (refusal === null) return checkFormat(path, stat, cwd)
    found ??= refusal
  }
  return notSpawned(found ?? `command not found: ${command}`)
}

/** Resolves argv[0] to an absolute path: against `cwd` when it contains a slash, along PATH otherwise. */
export const resolveCommand = (spec: CommandSpec): ResolvedCommand => {
  const command = spec.argv[0] ?? ""
  if (command === "") return notSpawned("the command is empty")
  if (hasNul(spec))
    return notSpawned("the command, its working directory or its environment contains a NUL byte")
  const refusal = refusedFolder(spec.cwd)
  if (refusal !== null) return notSpawned(refusal)
  if (!command.includes("/")) return searchPath(command, spec)
  const path = resolve(spec.cwd, command)
  const stat = statOf(path)
  const wrong = refusalOf(path, stat)
  return wrong === null ? checkFormat(path, stat, spec.cwd) : notSpawned(wrong)
}
