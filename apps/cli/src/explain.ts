/** Tells what went wrong before or beside the engine, as the document that every failure is. */
import { Unreachable } from "@backbeat/client/Unreachable"
import { exitCodeOf, failed } from "@backbeat/contract/Envelope"
import { commandInputError, type Problem, problem, type ProblemType, problemTypes } from "@backbeat/contract/Problem"
import { PayloadUnreadable } from "./outgoing.ts"

const isKnown = (type: string): type is ProblemType => Object.hasOwn(problemTypes, type)

const problemOf = (thrown: unknown): Problem => {
  if (thrown instanceof PayloadUnreadable) return commandInputError(thrown.message, "Give inline JSON, @file.json or - for stdin.")
  if (thrown instanceof Unreachable) {
    const { type, message, hint, details } = thrown.problem
    return problem(isKnown(type) ? type : "EngineUnreachable", message, hint, details)
  }
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return problem("InternalError", `a defect of backbeat: ${message}`, "Please report it.", { report: null })
}

/** Prints a problem on stderr; answers with the exit code. */
export const complain = (command: string, trouble: Problem): number => {
  console.error(JSON.stringify(failed(command, trouble)))
  return exitCodeOf(trouble)
}

/** Prints what was thrown; answers with the exit code. */
export const explain = (command: string, thrown: unknown): number => complain(command, problemOf(thrown))
