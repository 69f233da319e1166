/** Help, version and mistakes: text for people on a terminal, JSON for everybody else. */
import { lookUp, operationsOf } from "@backbeat/contract/discovery"
import { succeeded } from "@backbeat/contract/Envelope"
import {
  groupHelpData,
  groupHelpText,
  helpData,
  helpText,
  operationHelpData,
  operationHelpText
} from "@backbeat/contract/help"
import * as Result from "effect/Result"
import type { CommandLine } from "./commandLine.ts"
import { complain } from "./explain.ts"
import { isForPeople } from "./format.ts"
import { print } from "./print.ts"
import { onTerminal } from "./terminal.ts"
import { version } from "./version.ts"

const show = async (
  text: string,
  command: string,
  data: unknown,
  pretty: boolean
): Promise<number> => {
  const shown =
    ((await onTerminal()) && !pretty && !process.argv.includes("--json")) || (await isForPeople())
      ? text
      : JSON.stringify(succeeded(command, data), null, pretty ? 2 : undefined)
  await print("stdout", `${shown}\n`)
  return 0
}

const help = async (name: string | null, pretty: boolean): Promise<number> => {
  if (name === null) return show(helpText(version), "help", helpData(version), pretty)
  const its = operationsOf(name)
  if (its.length > 0)
    return show(groupHelpText(name, its), "help", groupHelpData(name, its), pretty)
  const found = lookUp(name)
  if (Result.isFailure(found)) return complain(name, found.failure)
  return show(operationHelpText(found.success), "help", operationHelpData(found.success), pretty)
}

/** Answers what needs no engine; the exit code. */
export const answerLocally = (
  line: Exclude<CommandLine, { readonly kind: "call" }>
): Promise<number> => {
  switch (line.kind) {
    case "version":
      return show(`backbeat ${version}`, "version", { version }, line.pretty)
    case "help":
      return help(line.operation, line.pretty)
    case "mistake":
      return import("./mistake.ts").then(({ explainMistake }) =>
        complain(line.operation === "" ? "help" : line.operation, explainMistake(line))
      )
  }
}
