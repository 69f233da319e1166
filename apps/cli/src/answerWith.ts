/** Answers a call without an engine, and prints the answer. */
import type { OutgoingCall } from "@backbeat/client/callEngine"
import { exitCodes, succeeded } from "@backbeat/contract/Envelope"
import type { HumanForm, Operation } from "@backbeat/contract/Operation"
import { foreignFlag } from "@backbeat/contract/foreignFlag"
import { payloadOf } from "@backbeat/contract/payload"
import { pick } from "@backbeat/contract/pick"
import type { Problem } from "@backbeat/contract/Problem"
import * as Result from "effect/Result"
import { complain } from "./explain.ts"
import { print } from "./print.ts"
import { printPicked } from "./printPicked.ts"

/** The answer as text for people. */
export const textFor = async (
  form: HumanForm | undefined,
  data: unknown,
  { flags }: Pick<OutgoingCall, "flags">
): Promise<string> => {
  const { humanText } = await import("@backbeat/engine/human/humanText")
  return humanText(form, data, {
    color: flags["color"] === true,
    zone: String(flags["zone"]),
    now: Date.now()
  })
}

const printData = async (
  { name, human }: Pick<Operation, "name" | "human">,
  data: unknown,
  { flags }: OutgoingCall
): Promise<number> => {
  const { get } = flags
  if (typeof get === "string") return printPicked(name, pick(name, data, get))
  if (flags["human"] === true) {
    await print("stdout", `${await textFor(human, data, { flags })}\n`)
    return exitCodes.ok
  }
  const document = JSON.stringify(
    succeeded(name, data),
    null,
    flags["pretty"] === true ? 2 : undefined
  )
  await print("stdout", `${document}\n`)
  return exitCodes.ok
}

/** Checks the flags, reads the payload, and prints the answer or the problem; the exit code. */
export const answerWith = async (
  operation: Operation,
  call: OutgoingCall,
  answer: (
    payload: unknown
  ) => Result.Result<unknown, Problem> | Promise<Result.Result<unknown, Problem>>
): Promise<number> => {
  const rejected = foreignFlag(operation, call.flags)
  if (rejected !== null) return complain(operation.name, rejected)
  const payload = payloadOf(operation, call)
  const data = Result.isFailure(payload) ? payload : await answer(payload.success)
  return Result.isFailure(data)
    ? complain(operation.name, data.failure)
    : printData(operation, data.success, call)
}
