/**
 * Checks a task that would start now before it is stored, so that no attempt is created that cannot
 * start.
 */
import { type Problem, withChange } from "@backbeat/contract/Problem"
import { isShellLine } from "@backbeat/contract/meant/shellLine"
import type { StartInput } from "@backbeat/contract/operation/start"
import type { DependencyState } from "@backbeat/core/graph/resolveDependents"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import { refusedFolder, resolveCommand } from "../process/resolveCommand.ts"
import type { SpecWithEnvironment } from "./taskSpec.ts"
import { wrongField } from "../call/wrongField.ts"

/**
 * Only a task that starts now is checked: the directory of a later one may be created meanwhile.
 */
const startsNow = (
  { notBefore, delayMs }: TaskSpec,
  { waitsFor, failure }: DependencyState
): boolean => waitsFor.length === 0 && failure === null && notBefore === null && delayMs === null

const missingFolder = (
  input: StartInput,
  { spec }: SpecWithEnvironment,
  dependencies: DependencyState
): Problem | null => {
  const message =
    input.cwd === undefined || !startsNow(spec, dependencies) ? null : refusedFolder(spec.cwd)
  return message === null
    ? null
    : wrongField(
        "cwd",
        message,
        "Use a directory that exists, or remove cwd to use the caller's directory."
      )
}

/** Rejects a shell command line in the place of a program. */
const shellLine = (
  { command }: StartInput,
  { spec: { work, cwd }, env }: SpecWithEnvironment
): Problem | null => {
  if (
    work.kind !== "command" ||
    command === undefined ||
    work.args.length > 0 ||
    !isShellLine(command)
  )
    return null
  if (resolveCommand({ argv: [command], cwd, env }).kind === "resolved") return null
  const rejection = wrongField(
    "command",
    `no such program: ${command.slice(0, 60)}`,
    "For a shell line use script. For arguments of a program use args."
  )
  return withChange(rejection, { command: undefined, args: undefined, script: command })
}

/** Why a task with this payload cannot start; null if no reason is known. */
export const rejectSpawn = (
  input: StartInput,
  specified: SpecWithEnvironment,
  dependencies: DependencyState
): Problem | null => missingFolder(input, specified, dependencies) ?? shellLine(input, specified)
