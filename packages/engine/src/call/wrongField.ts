/** The refusal of a field. */
import { commandInputError, type Problem } from "@backbeat/contract/Problem"

/** An answer that a field is wrong. */
export const wrongField = (path: string, message: string, hint: string): Problem =>
  commandInputError(`${path}: ${message}`, hint, { path })
