/**
 * Sets the soft limits and the nice value of a command: the limits by `ulimit` in the shim, the
 * nice value by running the shim with `nice`.
 */
import type { ProcessLimits } from "@backbeat/core/task/TaskSpec"
import { existsSync } from "../system/files.ts"
import { getPriority } from "node:os"

/**
 * The option of `ulimit` for each limit, and its unit in bytes (or seconds, or a count). bash
 * counts blocks of 1024 outside of its posix mode.
 */
const options: Readonly<
  Record<string, { readonly flag: string; readonly unit: number; readonly isBlocks?: true }>
> = {
  "cpu time": { flag: "t", unit: 1 },
  "file size": { flag: "f", unit: 512, isBlocks: true },
  "core file size": { flag: "c", unit: 512, isBlocks: true },
  "data size": { flag: "d", unit: 1024 },
  "stack size": { flag: "s", unit: 1024 },
  "locked memory": { flag: "l", unit: 1024 },
  "address space": { flag: "v", unit: 1024 },
  "open files": { flag: "n", unit: 1 }
}

const inUnits = (value: string, unit: number): string =>
  value === "unlimited" ? value : String(Math.floor(Number(value) / unit))

const setting = (name: string, value: string): ReadonlyArray<string> => {
  // dash calls it -p, which is the size of pipes elsewhere.
  if (name === "processes")
    return [`{ command ulimit -S -u ${value} || command ulimit -S -p ${value}; } 2>/dev/null`]
  const option = options[name]
  if (option === undefined) return []
  const { flag, unit, isBlocks } = option
  const set = (its: number) => `command ulimit -S -${flag} ${inUnits(value, its)} 2>/dev/null`
  return [
    isBlocks === true
      ? `if [ "$BASH_VERSION" ]; then ${set(unit * 2)}; else ${set(unit)}; fi`
      : set(unit)
  ]
}

/** The shell code that sets the limits; empty if there are none. Forbidden changes are ignored. */
export const ulimits = ({ soft = {} }: ProcessLimits): string =>
  Object.entries(soft)
    .flatMap(([name, value]) => setting(name, value))
    .join("\n")

/** The `nice` program of this machine, or null. The variables of a task do not affect it. */
export const niceCommand = (): string | null =>
  ["/usr/bin/nice", "/bin/nice"].find((path) => existsSync(path)) ?? null

/**
 * The start of the argument vector for a program with the nice value; empty if the engine has it.
 */
export const niceArguments = ({ nice }: ProcessLimits): ReadonlyArray<string> => {
  const change = nice === undefined ? 0 : nice - getPriority()
  // A rejected change would print to the shim's stderr, which is for deaths by signal.
  const isPermitted = change > 0 || (change < 0 && process.getuid?.() === 0)
  const command = isPermitted ? niceCommand() : null
  return command === null ? [] : [command, "-n", String(change)]
}
