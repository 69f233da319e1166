import { errorOf } from "@backbeat/contract/Envelope"
import type { Problem } from "@backbeat/contract/Problem"

/** A problem as the command line shows it, with its hint beside its facts. */
export const shown = (told: Problem) => {
  const { details, ...error } = errorOf(told)
  const { hint, retryable, ...facts } = details
  const known: Problem["details"] = facts
  return { ...error, hint, retryable, details: known }
}
