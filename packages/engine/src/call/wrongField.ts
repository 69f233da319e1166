/** Problems of one field. */
import { atField, commandInputError, type Problem } from "@backbeat/contract/Problem"
import { firstOf, flagOf, type Hint, sentence, type Text } from "@backbeat/contract/Text"

/** The problem that a field is wrong. */
export const wrongField = (path: string, message: Text, hint: Hint): Problem =>
  atField(path, commandInputError(message, hint))

/** The problem that a field requires a stream; it suggests the same call as a stream. */
export const requiresStream = (path: string, operation: string, payload: unknown): Problem => ({
  ...wrongField(
    path,
    sentence`requires ${flagOf("stream")}`,
    firstOf(sentence`Add ${flagOf("stream")}, or remove this field.`, "Remove this field.")
  ),
  try: { operation, payload, flags: { stream: true } }
})
