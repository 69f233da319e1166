/**
 * Makes error output of agents readable: no colours, no stack traces, no JSON around a sentence.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { lenient, parseJson } from "../text/lenient.ts"
import { visible, withoutEscapes } from "../text/visible.ts"

// Lines that agents write to standard error also without an error.
const noise = [
  /^\s+at /u,
  /^\s*\d+: <unknown>$/u,
  /^Stack backtrace:$/u,
  /^\s*status: \d+,?$/u,
  /^\s*\}?$/u,
  /^Warning: 256-color support/u,
  /^Ripgrep is not available/u,
  /^\[STARTUP\]/u,
  /^YOLO mode is enabled/u,
  /^Loaded cached credentials/u,
  /^WARNING: proceeding, even though we could not (?:create|update) PATH/u,
  /^Reading (?:prompt|additional input) from stdin/u
]

const Wrapped = Schema.Struct({
  error: Schema.Struct({ message: Schema.String, code: lenient(Schema.Int) })
})
const decodeWrapped = Schema.decodeUnknownOption(Wrapped)

const unwrap = (text: string): string | null => {
  const json = parseJson(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1))
  return Option.match(decodeWrapped(json), {
    onNone: () => null,
    onSome: ({ error: { code, message } }) => (code === null ? message : `${code} ${message}`)
  })
}

/** A message without escape sequences, and without the JSON around an API's message. */
export const plainMessage = (message: string): string => {
  const plain = visible(message).trim()
  const inner = unwrap(plain)
  return inner === null ? plain : visible(inner)
}

/** The part of an agent's standard error that explains its failure. */
export const plainStderr = (stderr: string): string => {
  const plain = withoutEscapes(stderr)
  return plain
    .split("\n")
    .filter((line) => !noise.some((words) => words.test(line)))
    .join("\n")
    .trim()
}
