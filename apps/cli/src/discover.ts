/** Answers the discovery operations from the table alone: they work where no engine can. */
import type { OutgoingCall } from "@backbeat/client/callEngine"
import { findDiscovery } from "@backbeat/contract/discovery"
import { exitCodes, succeeded } from "@backbeat/contract/Envelope"
import { foreignFlag } from "@backbeat/contract/foreignFlag"
import type { HumanForm } from "@backbeat/contract/Operation"
import { payloadOf } from "@backbeat/contract/payload"
import { pick } from "@backbeat/contract/pick"
import { commandLine } from "@backbeat/contract/surface/commandLine"
import * as Result from "effect/Result"
import { complain } from "./explain.ts"
import { print } from "./print.ts"
import { printPicked } from "./printPicked.ts"
import { version } from "./version.ts"

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

/** Prints the answer; the exit code. */
export const discover = async (call: OutgoingCall): Promise<number> => {
  const found = findDiscovery(call.operation)
  if (found === null) throw new Error(`${call.operation} is not answered from the table`)
  const { operation, answer } = found
  const refused = foreignFlag(operation, call.flags)
  if (refused !== null) return complain(call.operation, refused)
  const data = Result.flatMap(payloadOf(operation, call), (payload) =>
    answer(payload, { version, surface: commandLine })
  )
  if (Result.isFailure(data)) return complain(call.operation, data.failure)
  const { get } = call.flags
  if (typeof get === "string")
    return printPicked(call.operation, pick(call.operation, data.success, get))
  if (call.flags["human"] === true) {
    await print("stdout", `${await textFor(operation.human, data.success, call)}\n`)
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
