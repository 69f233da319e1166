/** The id of a task: given by the caller, or generated and sortable by time. */
import * as Schema from "effect/Schema"
import { sortableCharacters } from "../identity/sortableCharacters.ts"

/** A valid id. It is also a safe name for a folder. */
export const TaskId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/u, {
    message: "expected 1 to 128 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
  })
)

/**
 * Generates `task-` and 12 characters that sort by time. `random` is a whole number from 0 to
 * 32767.
 */
export const makeTaskId = (atMs: number, random: number): string =>
  `task-${sortableCharacters(atMs, random)}`
