/** The command line, on which a call is a line for a POSIX shell. */
import { callText } from "../callText.ts"
import { entryRowOf } from "../names.ts"
import type { Surface } from "./Surface.ts"

const wordShape = /^[A-Za-z0-9][\w.:-]*$/u

/** The plain word that a payload can be typed as; null if it requires JSON. */
const wordFor = (operation: string, payload: unknown): string | null => {
  const field = entryRowOf(operation)?.positional ?? null
  if (field === null || typeof payload !== "object" || payload === null) return null
  const [[name, value] = ["", null], ...others] = Object.entries(payload)
  return name === field && others.length === 0 && typeof value === "string" && wordShape.test(value)
    ? value
    : null
}

/** Writes for the command line. */
export const commandLine: Surface = {
  name: "cli",
  call: (operation, payload) => {
    if (payload === undefined) return operation
    const word = wordFor(operation, payload)
    return word === null ? callText(operation, payload) : `backbeat ${operation} ${word}`
  },
  example: callText,
  flag: ({ name, value }) => (value === undefined ? `--${name}` : `--${name} ${value}`),
  listing: (operation) =>
    operation === null
      ? "`backbeat help` lists the commands."
      : `\`backbeat ${operation} --help\` lists its fields.`,
  fallback: (suggestion) =>
    suggestion === undefined
      ? "`backbeat help` shows how a call is written."
      : "Run the call in `try`: backbeat <operation> '<payload>' [flags]."
}
