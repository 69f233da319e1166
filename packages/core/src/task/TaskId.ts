/** The id of a task: given by the caller, or generated and sortable by time. */
import * as Schema from "effect/Schema"

/** A valid id. It is also a safe name for a folder. */
export const TaskId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/u, {
    message: "expected 1 to 128 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
  })
)

const digits = "0123456789abcdefghjkmnpqrstvwxyz"

/**
 * 12 characters that sort by time: 9 of milliseconds, 3 of `random` (Crockford base 32). `random`
 * is a whole number from 0 to 32767.
 */
export const sortableCharacters = (atMs: number, random: number): string => {
  let rest = atMs
  let characters = ""
  for (let place = 0; place < 9; place++) {
    characters = digits.charAt(rest % 32) + characters
    rest = Math.floor(rest / 32)
  }
  for (const shift of [10, 5, 0]) characters += digits.charAt((random >> shift) & 31)
  return characters
}

/**
 * Generates `task-` and 12 characters that sort by time. `random` is a whole number from 0 to
 * 32767.
 */
export const makeTaskId = (atMs: number, random: number): string =>
  `task-${sortableCharacters(atMs, random)}`
