/** Rejects flags that an operation does not accept. */
import { ownFlagNames } from "./names.ts"
import { knownFlags, type Operation } from "./Operation.ts"
import { atFlag, commandInputError, type Problem } from "./Problem.ts"
import { flagOf, onlyOn, sentence } from "./Text.ts"

/** The problem of the first flag that the operation does not accept; null if it accepts all. */
export const foreignFlag = (
  operation: Operation,
  flags: Readonly<Record<string, unknown>>
): Problem | null => {
  const foreign = ownFlagNames.find(
    (name) => flags[name] !== undefined && flags[name] !== false && !operation.flags.includes(name)
  )
  return foreign === undefined
    ? null
    : atFlag(
        foreign,
        commandInputError(
          sentence`${operation.name} does not take the flag ${flagOf(foreign)}`,
          onlyOn("cli", `Known flags: ${knownFlags(operation).join(", ")}.`)
        )
      )
}
