/** Answers the discovery operations from the table alone: they work where no engine can. */
import type { OutgoingCall } from "@backbeat/client/callEngine"
import {
  capabilities,
  examplesList,
  examplesShow,
  lookUp,
  schemaList,
  schemaShow
} from "@backbeat/contract/discovery"
import { decodePayload } from "@backbeat/contract/decodePayload"
import { exitCodes, succeeded } from "@backbeat/contract/Envelope"
import { payloadOf } from "@backbeat/contract/payload"
import { pick } from "@backbeat/contract/pick"
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import { operations } from "@backbeat/contract/table"
import * as Result from "effect/Result"
import { complain } from "./explain.ts"
import { print } from "./print.ts"
import { printPicked } from "./printPicked.ts"
import { version } from "./version.ts"

const answer = (name: string, payload: unknown): Result.Result<unknown, Problem> => {
  switch (name) {
    case "capabilities":
      return Result.map(decodePayload(operations.capabilities, payload), () =>
        capabilities(version)
      )
    case "schema list":
      return Result.map(decodePayload(operations["schema list"], payload), schemaList)
    case "schema show":
      return Result.flatMap(decodePayload(operations["schema show"], payload), schemaShow)
    case "examples list":
      return Result.map(decodePayload(operations["examples list"], payload), examplesList)
    default:
      return Result.flatMap(decodePayload(operations["examples show"], payload), examplesShow)
  }
}

const refuseFlags = ({ operation, flags }: OutgoingCall): Problem | null => {
  const given = Object.keys(flags).find(
    (name) => !["pretty", "color", "zone", "human", "get"].includes(name)
  )
  return given === undefined
    ? null
    : commandInputError(
        `${operation} does not take the flag --${given}`,
        "It knows --get, --human, --pretty, --home, --help, --version.",
        { flag: `--${given}` }
      )
}

/** The answer as text for people. */
export const textFor = async (
  data: unknown,
  { flags }: Pick<OutgoingCall, "flags">
): Promise<string> => {
  const { humanText } = await import("@backbeat/engine/human/humanText")
  return humanText(data, {
    color: flags["color"] === true,
    zone: String(flags["zone"]),
    now: Date.now()
  })
}

/** Prints the answer; the exit code. */
export const discover = async (call: OutgoingCall): Promise<number> => {
  const refused = refuseFlags(call)
  if (refused !== null) return complain(call.operation, refused)
  const data = Result.gen(function* () {
    const row = yield* lookUp(call.operation)
    const payload = yield* payloadOf(row, call)
    return yield* answer(call.operation, payload)
  })
  if (Result.isFailure(data)) return complain(call.operation, data.failure)
  const { get } = call.flags
  if (typeof get === "string")
    return printPicked(call.operation, pick(call.operation, data.success, get))
  if (call.flags["human"] === true) {
    await print("stdout", `${await textFor(data.success, call)}\n`)
    return exitCodes.ok
  }
  const document = JSON.stringify(
    succeeded(call.operation, data.success),
    null,
    call.flags["pretty"] === true ? 2 : undefined
  )
  await print("stdout", `${document}\n`)
  return exitCodes.ok
}
