/** Reports failures outside of the engine in the same document as all failures. */
import { Unreachable } from "@backbeat/client/Unreachable"
import { exitCodeOf, failed } from "@backbeat/contract/Envelope"
import {
  commandInputError,
  type Problem,
  problem,
  type ProblemType,
  problemTypes
} from "@backbeat/contract/Problem"
import { callOf, sentence } from "@backbeat/contract/Text"
import { isForPeople } from "./format.ts"
import { PayloadUnreadable } from "./outgoing.ts"
import { OutputUnwritable, print } from "./print.ts"
import { NotAnswered } from "./terminal.ts"

const isKnown = (type: string): type is ProblemType => Object.hasOwn(problemTypes, type)

const problemOf = (thrown: unknown): Problem => {
  if (thrown instanceof PayloadUnreadable)
    return commandInputError(thrown.message, "Use inline JSON, @file.json, or - for stdin.")
  if (thrown instanceof NotAnswered)
    return commandInputError(
      "no agent was chosen; nothing was changed",
      sentence`Call ${callOf("init")} again, or name the agent: ${callOf("init", { agent: "claude" })}`
    )
  if (thrown instanceof OutputUnwritable) {
    // Not a defect, but the closest error type.
    return problem(
      "InternalError",
      thrown.message,
      "The call was done, but its answer is lost. Redirect stdout to another place.",
      { report: null }
    )
  }
  if (thrown instanceof Unreachable) {
    const { type, message, hint, details } = thrown.problem
    return problem(isKnown(type) ? type : "EngineUnreachable", message, hint, details)
  }
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return problem("InternalError", `defect of backbeat: ${message}`, "Please report it.", {
    report: null
  })
}

/** Prints a problem to stderr. Returns the exit code. */
export const complain = async (command: string, trouble: Problem): Promise<number> => {
  const document = JSON.stringify(failed(command, trouble))
  await print(
    "stderr",
    `${(await isForPeople()) ? (await import("./humanError.ts")).humanError(document) : document}\n`
  )
  return exitCodeOf(trouble)
}

/** Prints an exception. Returns the exit code. */
export const explain = (command: string, thrown: unknown): Promise<number> =>
  complain(command, problemOf(thrown))
