/** A command that is a line for a shell: it has blanks or signs of a shell, and no arguments of its own. */
import * as Predicate from "effect/Predicate"

/** Whether a command without arguments can only be meant for a shell. A program may have a blank in its path. */
export const isShellLine = (command: string): boolean =>
  /[\s|&;<>`$]/u.test(command.trim()) && !/^\.{0,2}\//u.test(command)

/** The payload with a script in the place of such a command; any other one as it is. */
export const asShell = (payload: unknown): unknown => {
  if (
    !Predicate.isObject(payload) ||
    !("command" in payload) ||
    "script" in payload ||
    "prompt" in payload
  )
    return payload
  const { command, ...rest } = payload
  const args = "args" in rest ? rest.args : undefined
  if (
    typeof command !== "string" ||
    !isShellLine(command) ||
    (args !== undefined && !(Array.isArray(args) && args.length === 0))
  )
    return payload
  return Object.fromEntries(
    Object.entries(payload).flatMap(([key, value]): ReadonlyArray<readonly [string, unknown]> => {
      if (key === "args") return []
      return [key === "command" ? ["script", value] : [key, value]]
    })
  )
}
