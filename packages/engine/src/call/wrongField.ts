/** The refusal of a field. */
import { atField, commandInputError, type Problem } from "@backbeat/contract/Problem"
import { firstOf, flagOf, type Hint, sentence, type Text } from "@backbeat/contract/Text"

/** An answer that a field is wrong. */
export const wrongField = (path: string, message: Text, hint: Hint): Problem =>
  atField(path, commandInputError(message, hint))

/** An answer that a field is for streams only, with the same call as a stream. */
export const requiresStream = (path: string, operation: string, payload: unknown): Problem => ({
  ...wrongField(
    path,
    sentence`requires ${flagOf("stream")}`,
    firstOf(sentence`Add ${flagOf("stream")}, or remove this field.`, "Remove this field.")
  ),
  try: { operation, payload, flags: { stream: true } }
})
