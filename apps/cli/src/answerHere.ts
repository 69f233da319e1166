/** Answers the operations that this program does by itself, for the user who calls. */
import type { OutgoingCall } from "@backbeat/client/callEngine"
import { findHome, type HomePaths } from "@backbeat/client/Home"
import { decodePayload } from "@backbeat/contract/decodePayload"
import type { NamesByEngine } from "@backbeat/contract/names"
import type { Operation } from "@backbeat/contract/Operation"
import type { Problem } from "@backbeat/contract/Problem"
import { operations } from "@backbeat/contract/table"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { TypedCall } from "./commandLine.ts"
import { answerWith } from "./answerWith.ts"

/** An operation with what does it. */
interface Here {
  readonly operation: Operation
  readonly answer: (payload: unknown, place: HomePaths) => Promise<Result.Result<unknown, Problem>>
}

const here = <Given, Data>(
  operation: Operation<string, Schema.Codec<Given, unknown>, Schema.Codec<Data, unknown>>,
  answer: (input: Given, place: HomePaths) => Promise<Result.Result<Data, Problem>>
): Here => ({
  operation,
  answer: async (payload, place) => {
    const input = decodePayload(operation, payload)
    return Result.isFailure(input) ? Result.fail(input.failure) : answer(input.success, place)
  }
})

const answers = {
  "service install": here(operations["service install"], async (input, place) =>
    (await import("./service/service.ts")).install(input, place)
  ),
  "service uninstall": here(operations["service uninstall"], async (_, place) =>
    (await import("./service/service.ts")).uninstall(place)
  ),
  "service status": here(operations["service status"], async (_, place) =>
    Result.succeed((await import("./service/service.ts")).status(place))
  ),
  serve: here(operations.serve, async (_, place) =>
    (await import("./service/serve.ts")).serve(place)
  )
} as const satisfies Record<NamesByEngine<"here">, Here>

const findHere = (name: string): Here | null => {
  const all: Readonly<Record<string, Here>> = answers
  return Object.hasOwn(all, name) ? (all[name] ?? null) : null
}

/** Prints the answer; the exit code. */
export const answerHere = async (line: TypedCall, call: OutgoingCall): Promise<number> => {
  const found = findHere(line.operation)
  if (found === null) throw new Error(`${line.operation} is answered by the engine`)
  return answerWith(found.operation, call, (payload) =>
    found.answer(payload, findHome(line.home, process.env))
  )
}
