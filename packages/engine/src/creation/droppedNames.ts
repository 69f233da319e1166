/** Environment variables of a task that its shell does not pass on. */
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import { bashPath, oddNames } from "../process/shimCall.ts"

const isForSh = ({ work }: TaskSpec): boolean =>
  work.kind === "script" && !work.script.startsWith("#!")

/** Warns about given variables whose names are no shell names and that may therefore not arrive. */
export const droppedNames = (spec: TaskSpec): ReadonlyArray<string> => {
  const odd = oddNames(spec.envKeys)
  if (odd.length === 0) return []
  const names = odd.join(", ")
  if (bashPath() === null)
    return [
      `env: ${names}: the command may not get these variables, because this machine has no bash`
    ]
  return isForSh(spec)
    ? [`env: ${names}: /bin/sh may not pass these variables on; start the script with #!/bin/bash`]
    : []
}
