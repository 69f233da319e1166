/** Converts what a caller typed into a payload: JSON, a plain word, or a command after `--`. */
import type { CallRequest } from "./Call.ts"
import type { Operation } from "./Operation.ts"
import { complete } from "./meant/complete.ts"
import { readLooseJson } from "./meant/looseJson.ts"
import { meantByWords } from "./meant/meantByWords.ts"
import { atField, commandInputError, type Problem, withTry } from "./Problem.ts"
import { payloadMaxBytes } from "./protocol.ts"
import { shapeOf } from "./Shape.ts"
import { operations } from "./table.ts"
import { type Hint, isSilent, onlyOn } from "./Text.ts"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

/** How much of the text is shown around an error. */
const shownBefore = 20
const shownAfter = 20

const around = (text: string, at: number): string => {
  const from = Math.max(0, at - shownBefore)
  const to = at + shownAfter
  return `${from > 0 ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`
}

/** Whether an item of a batch is valid without corrections. */
const isMeant = (operation: Operation, item: unknown): boolean =>
  operation.batch &&
  JSON.stringify(complete(operation, item)?.call.payload) === JSON.stringify(item)

/** Adds the call with the intended payload, if one is found. */
const meaning = (told: Problem, operation: Operation, payload: unknown): Problem => {
  if (Array.isArray(payload))
    return payload.every((item) => isMeant(operation, item))
      ? withTry(told, operation.name, payload)
      : told
  const meant = payload === undefined || payload === null ? null : complete(operation, payload)
  return meant === null
    ? told
    : { ...told, hint: isSilent(meant.hint) ? told.hint : meant.hint, try: meant.call }
}

const noJson = (operation: Operation, text: string): Problem => {
  const { value, flaw } = readLooseJson(text)
  const place = flaw === null ? "" : `at character ${flaw.at + 1}: ${flaw.what}`
  const told = commandInputError(
    `the payload is not valid JSON: ${place}`,
    onlyOn("cli", "In a shell, put the whole payload into single quotes, or use @file.json."),
    { received: around(text, flaw?.at ?? 0) }
  )
  return meaning(atField("", told), operation, value)
}

const parseJson = (operation: Operation, text: string): Result.Result<unknown, Problem> =>
  Result.try({ try: (): unknown => JSON.parse(text), catch: () => noJson(operation, text) })

/** A plain word in the place of a payload. */
const noPayload = (operation: Operation, text: string): Problem => {
  const hint: Hint =
    operation.argv === true
      ? [
          onlyOn("cli", `Put a command after --: backbeat ${operation.name} -- npm test.`),
          "The task of an agent goes into the field prompt."
        ]
      : { lists: { fieldsOf: operation.name } }
  const told = commandInputError(
    `the payload is not valid JSON: it is the text ${JSON.stringify(text.slice(0, 60))}`,
    hint
  )
  return meaning(
    atField("", told),
    operation,
    meantByWords(operation.name, {
      words: [text],
      fields: Object.keys(shapeOf(operation, "input").properties ?? {})
    })
  )
}

const looksLikeJson = /^\s*[[{"]/u

const fromText = (operation: Operation, text: string | null): Result.Result<unknown, Problem> => {
  if (text === null || text.trim() === "") return Result.succeed({})
  if (new TextEncoder().encode(text).length > payloadMaxBytes) {
    return Result.fail(
      commandInputError(
        `the payload is larger than ${payloadMaxBytes} bytes`,
        "Split the call, or put large input into files.",
        {
          maxBytes: payloadMaxBytes
        }
      )
    )
  }
  if (operation.positional !== null && !looksLikeJson.test(text)) {
    return Result.succeed({ [operation.positional]: text })
  }
  return looksLikeJson.test(text)
    ? parseJson(operation, text)
    : Result.fail(noPayload(operation, text))
}

const refuse = ({ name }: Operation, message: string) =>
  Result.fail(
    commandInputError(
      message,
      onlyOn("cli", `Usage: backbeat ${name} [payload] -- command args...`)
    )
  )

const withCommand = (
  operation: Operation,
  payload: unknown,
  argv: ReadonlyArray<string>
): Result.Result<unknown, Problem> => {
  if (argv.length === 0) return refuse(operation, "the command after -- is missing")
  if (!Predicate.isObject(payload) || Array.isArray(payload))
    return refuse(operation, "-- requires an object as payload")
  if ("command" in payload || "script" in payload || "args" in payload) {
    return refuse(operation, "the payload has a command, and there is another one after --")
  }
  const [command, ...args] = argv
  return Result.succeed({ ...payload, command, args })
}

/** The operations that accept a command after `--`. */
const takingArgv = Object.values<Operation>(operations).flatMap(({ name, argv }) =>
  argv === true ? [name] : []
)

/** The flag --follow sets a field. */
const following = (payload: unknown, { follow = false }: CallRequest["flags"]): unknown =>
  follow && Predicate.isObject(payload) && !Array.isArray(payload)
    ? { ...payload, follow }
    : payload

/** The payload of a call. Fails with CommandInputError. */
export const payloadOf = (
  operation: Operation,
  request: Pick<CallRequest, "payload" | "argv" | "flags">
): Result.Result<unknown, Problem> => {
  const payload = Result.map(fromText(operation, request.payload), (given) =>
    following(given, request.flags)
  )
  if (request.argv === undefined) return payload
  const { argv } = request
  if (operation.argv !== true) {
    return Result.fail(
      commandInputError(
        `${operation.name} takes no command after --`,
        onlyOn("cli", `Only ${takingArgv.join(", ")} takes a command.`)
      )
    )
  }
  return Result.flatMap(payload, (given) => withCommand(operation, given, argv))
}
