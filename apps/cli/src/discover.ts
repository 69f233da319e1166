/** Answers the discovery operations from the table alone, so they work without an engine. */
import type { OutgoingCall } from "@backbeat/client/callEngine"
import { findDiscovery } from "@backbeat/contract/discovery"
import { foreignFlag } from "@backbeat/contract/foreignFlag"
import { payloadOf } from "@backbeat/contract/payload"
import { commandLine } from "@backbeat/contract/surface/commandLine"
import * as Result from "effect/Result"
import { complain } from "./explain.ts"
import { printData } from "./printData.ts"
import { version } from "./version.ts"

/** Prints the answer. Returns the exit code. */
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
  return printData(operation, data.success, call)
}
