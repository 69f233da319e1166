/** Answers help, version and mistakes: text for people on a terminal, JSON otherwise. */
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
import { pick } from "@backbeat/contract/pick"
import type { Problem } from "@backbeat/contract/Problem"
import * as Result from "effect/Result"
import type { CommandLine } from "./commandLine.ts"
import { complain } from "./explain.ts"
import { isForPeople } from "./format.ts"
import { print } from "./print.ts"
import { printPicked } from "./printPicked.ts"
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

/** Help as text and as data. Fails with CommandInputError. */
const helpOf = (name: string | null): Result.Result<{ text: string; data: unknown }, Problem> => {
  if (name === null) return Result.succeed({ text: helpText(version), data: helpData(version) })
  const its = operationsOf(name)
  if (its.length > 0)
    return Result.succeed({ text: groupHelpText(name, its), data: groupHelpData(name, its) })
  return Result.map(lookUp(name), (row) => ({
    text: operationHelpText(row),
    data: operationHelpData(row)
  }))
}

type Help = Extract<CommandLine, { readonly kind: "help" }>

const help = async ({ operation, pretty, get }: Help): Promise<number> => {
  const found = helpOf(operation)
  if (Result.isFailure(found)) return complain(operation ?? "help", found.failure)
  const { text, data } = found.success
  return get === null
    ? show(text, "help", data, pretty)
    : printPicked("help", pick("help", data, get))
}

/** Answers calls that need no engine. Returns the exit code. */
export const answerLocally = (
  line: Exclude<CommandLine, { readonly kind: "call" }>
): Promise<number> => {
  switch (line.kind) {
    case "version":
      return show(`backbeat ${version}`, "version", { version }, line.pretty)
    case "help":
      return help(line)
    case "mistake":
      return import("./mistake.ts").then(({ explainMistake }) =>
        complain(line.operation === "" ? "help" : line.operation, explainMistake(line))
      )
  }
}
