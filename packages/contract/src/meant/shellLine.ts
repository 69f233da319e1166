/**
 * Detects a command that is a shell line: with blanks or shell characters, and without arguments.
 */
import * as Predicate from "effect/Predicate"

/**
 * Whether a command without arguments can only be a shell line. The path of a program may contain a
 * blank.
 */
export const isShellLine = (command: string): boolean =>
  /[\s|&;<>`$]/u.test(command.trim()) && !/^\.{0,2}\//u.test(command)

/** Replaces such a command by a script; other payloads are unchanged. */
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
