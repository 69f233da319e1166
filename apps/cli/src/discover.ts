/** Answers the discovery operations from the table alone, so they work without an engine. */
import type { OutgoingCall } from "@backbeat/client/callEngine"
import { findDiscovery } from "@backbeat/contract/discovery"
import { commandLine } from "@backbeat/contract/surface/commandLine"
import { answerWith } from "./answerWith.ts"
import { version } from "./version.ts"

/** Prints the answer. Returns the exit code. */
export const discover = async (call: OutgoingCall): Promise<number> => {
  const found = findDiscovery(call.operation)
  if (found === null) throw new Error(`${call.operation} is not answered from the table`)
  return answerWith(found.operation, call, (payload) =>
    found.answer(payload, { version, surface: commandLine })
  )
}
