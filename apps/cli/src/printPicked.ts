/** Prints the value that --get selects from an answer without an engine. */
import { exitCodes } from "@backbeat/contract/Envelope"
import { pickedText } from "@backbeat/contract/pick"
import type { Problem } from "@backbeat/contract/Problem"
import * as Result from "effect/Result"
import { complain } from "./explain.ts"
import { print } from "./print.ts"

/** Prints the value or the problem. Returns the exit code. */
export const printPicked = async (
  operation: string,
  picked: Result.Result<unknown, Problem>
): Promise<number> => {
  if (Result.isFailure(picked)) return complain(operation, picked.failure)
  await print("stdout", `${pickedText(picked.success)}\n`)
  return exitCodes.ok
}
