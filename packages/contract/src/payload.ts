/** From what a caller typed to the payload of an operation: JSON, a bare word, or a command after `--`. */
import type { CallRequest } from "./Call.ts"
import type { Operation } from "./Operation.ts"
import { commandInputError, type Problem } from "./Problem.ts"
import { payloadMaxBytes } from "./protocol.ts"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

const hintOf = ({ name }: Operation): string =>
  name === "start"
    ? "A command goes behind --, as in: backbeat start -- npm test. JSON goes into single quotes, @file.json or - for stdin."
    : "Put it in single quotes, or give @file.json or - for stdin."

const parseJson = (operation: Operation, text: string): Result.Result<unknown, Problem> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: (thrown) =>
      commandInputError(
        `the payload is not valid JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        hintOf(operation),
        { path: "", received: text.slice(0, 200) }
      )
  })

const looksLikeJson = /^\s*[[{"]/u

const fromText = (operation: Operation, text: string | null): Result.Result<unknown, Problem> => {
  if (text === null || text.trim() === "") return Result.succeed({})
  if (new TextEncoder().encode(text).length > payloadMaxBytes) {
    return Result.fail(
      commandInputError(`the payload is larger than ${payloadMaxBytes} bytes`, "Split it, or put large input into files.", {
        maxBytes: payloadMaxBytes
      })
    )
  }
  if (operation.positional !== null && !looksLikeJson.test(text)) {
    return Result.succeed({ [operation.positional]: text })
  }
  return parseJson(operation, text)
}

const refuse = (message: string) =>
  Result.fail(commandInputError(message, "Write: backbeat start [payload] -- command args..."))

const withCommand = (payload: unknown, argv: ReadonlyArray<string>): Result.Result<unknown, Problem> => {
  if (argv.length === 0) return refuse("no command stands after --")
  if (!Predicate.isObject(payload) || Array.isArray(payload)) return refuse("-- goes with an object as payload")
  if ("command" in payload || "script" in payload || "args" in payload) {
    return refuse("the payload names a command already, and another stands after --")
  }
  const [command, ...args] = argv
  return Result.succeed({ ...payload, command, args })
}

/** The payload of a call. Fails with CommandInputError. */
export const payloadOf = (operation: Operation, request: Pick<CallRequest, "payload" | "argv">): Result.Result<unknown, Problem> => {
  const payload = fromText(operation, request.payload)
  if (request.argv === undefined) return payload
  const { argv } = request
  if (operation.name !== "start") {
    return Result.fail(commandInputError(`${operation.name} takes no command after --`, "Only start does."))
  }
  return Result.flatMap(payload, (given) => withCommand(given, argv))
}
