/** Sets the soft limits and the nice value of a command: the limits by `ulimit` of the shim, the nice value by the `nice` that runs the shim. */
import type { ProcessLimits } from "@backbeat/core/task/TaskSpec"
import { existsSync } from "../system/files.ts"
import { getPriority } from "node:os"

/** The option of `ulimit` for each limit, and its unit in bytes (or seconds, or a count). bash counts blocks of 1024 outside of its posix mode. */
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

/** What a shell runs to set the limits; empty when there are none. What the system forbids stays as it is. */
export const ulimits = ({ soft = {} }: ProcessLimits): string =>
  Object.entries(soft)
    .flatMap(([name, value]) => setting(name, value))
    .join("\n")

/** The `nice` of this machine, or null. The variables of a task have no say in that. */
export const niceCommand = (): string | null =>
  ["/usr/bin/nice", "/bin/nice"].find((path) => existsSync(path)) ?? null

/** What begins the argument vector of a program that is to have the nice value; nothing when this engine has it. */
export const niceArguments = ({ nice }: ProcessLimits): ReadonlyArray<string> => {
  const change = nice === undefined ? 0 : nice - getPriority()
  // A refused change would be told on the shim's stderr, which is for deaths by signal.
  const isPermitted = change > 0 || (change < 0 && process.getuid?.() === 0)
  const command = isPermitted ? niceCommand() : null
  return command === null ? [] : [command, "-n", String(change)]
}
