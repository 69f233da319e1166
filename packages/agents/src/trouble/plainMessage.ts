/** Makes what agents print about errors readable: no colours, no stack traces, no JSON around a sentence. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { lenient, parseJson } from "../text/lenient.ts"
import { visible, withoutEscapes } from "../text/visible.ts"

// What the four agents write on standard error whatever happens.
const idle = [
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

/** A message without escape sequences, and without the JSON that an API put around it. */
export const plainMessage = (message: string): string => {
  const plain = visible(message).trim()
  const inner = unwrap(plain)
  return inner === null ? plain : visible(inner)
}

/** What of an agent's standard error is about its failure. */
export const plainStderr = (stderr: string): string => {
  const plain = withoutEscapes(stderr)
  return plain
    .split("\n")
    .filter((line) => !idle.some((words) => words.test(line)))
    .join("\n")
    .trim()
}
