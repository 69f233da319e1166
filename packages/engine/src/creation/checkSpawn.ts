/** What is wrong with a task that would start now, seen before it is stored: no attempt is made that cannot begin. */
import { type Problem, withChange } from "@backbeat/contract/Problem"
import { isShellLine } from "@backbeat/contract/meant/shellLine"
import type { StartInput } from "@backbeat/contract/operation/start"
import type { DependencyState } from "@backbeat/core/graph/resolveDependents"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import { refusedFolder, resolveCommand } from "../process/resolveCommand.ts"
import type { Specified } from "./taskSpec.ts"
import { wrongField } from "../call/wrongField.ts"

/** Others may make the directory before a task starts that waits for something still. */
const startsNow = (
  { notBefore, delayMs }: TaskSpec,
  { waitsFor, failure }: DependencyState
): boolean => waitsFor.length === 0 && failure === null && notBefore === null && delayMs === null

const missingFolder = (
  input: StartInput,
  { spec }: Specified,
  stands: DependencyState
): Problem | null => {
  const trouble =
    input.cwd === undefined || !startsNow(spec, stands) ? null : refusedFolder(spec.cwd)
  return trouble === null
    ? null
    : wrongField(
        "cwd",
        trouble,
        "Use a directory that exists, or remove cwd to use the caller's directory."
      )
}

/** A line for a shell is no program. */
const shellLine = (
  { command }: StartInput,
  { spec: { work, cwd }, env }: Specified
): Problem | null => {
  if (
    work.kind !== "command" ||
    command === undefined ||
    work.args.length > 0 ||
    !isShellLine(command)
  )
    return null
  if (resolveCommand({ argv: [command], cwd, env }).kind === "resolved") return null
  const told = wrongField(
    "command",
    `no such program: ${command.slice(0, 60)}`,
    "For a shell line use script. For arguments of a program use args."
  )
  return withChange(told, { command: undefined, args: undefined, script: command })
}

/** Why a task cannot be started with this payload; null when nothing is seen that would keep it from it. */
export const refusedSpawn = (
  input: StartInput,
  specified: Specified,
  stands: DependencyState
): Problem | null => missingFolder(input, specified, stands) ?? shellLine(input, specified)
