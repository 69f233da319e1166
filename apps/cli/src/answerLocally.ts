/** Help, version and mistakes: text for people on a terminal, JSON for everybody else. */
import { lookUp, operationsOf } from "@backbeat/contract/discovery"
import { succeeded } from "@backbeat/contract/Envelope"
import { commonFlagTexts, flagTexts, groupHelpData, groupHelpText, helpData, helpText, operationHelpData, operationHelpText } from "@backbeat/contract/help"
import { nearest } from "@backbeat/contract/nearest"
import { knownFlags } from "@backbeat/contract/Operation"
import { commandInputError } from "@backbeat/contract/Problem"
import * as Result from "effect/Result"
import type { CommandLine } from "./commandLine.ts"
import { complain } from "./explain.ts"
import { print } from "./print.ts"
import { onTerminal } from "./terminal.ts"
import { version } from "./version.ts"

const show = async (text: string, command: string, data: unknown, pretty: boolean): Promise<number> => {
  const shown = (await onTerminal()) && !pretty ? text : JSON.stringify(succeeded(command, data), null, pretty ? 2 : undefined)
  await print("stdout", `${shown}\n`)
  return 0
}

const help = async (name: string | null, pretty: boolean): Promise<number> => {
  if (name === null) return show(helpText(version), "help", helpData(version), pretty)
  const its = operationsOf(name)
  if (its.length > 0) return show(groupHelpText(name, its), "help", groupHelpData(name, its), pretty)
  const found = lookUp(name)
  if (Result.isFailure(found)) return complain(name, found.failure)
  return show(operationHelpText(found.success), "help", operationHelpData(found.success), pretty)
}

const flagLines: ReadonlyArray<string> = [...Object.values(flagTexts), ...commonFlagTexts]

/** What to do about a flag: what it takes, or which flags there are. */
const flagHint = (flag: string, known: ReadonlyArray<string>): string => {
  const its = known.includes(flag) ? flagLines.find((line) => line.startsWith(`${flag} `)) : undefined
  if (its !== undefined) return `${its.replace(/ {2,}/u, ": ")}.`
  const near = nearest(flag, known)
  return `${near === null ? "" : `Did you mean ${near}? `}It knows ${known.join(", ")}.`
}

const mistake = ({ flag, message, operation }: Extract<CommandLine, { readonly kind: "mistake" }>): Promise<number> => {
  if (operation === "") {
    return complain("help", commandInputError(message, "Write: backbeat <operation> [payload] [flags]. backbeat help lists the operations and flags.", { flag }))
  }
  const found = lookUp(operation)
  if (Result.isFailure(found)) return complain(operation, found.failure)
  const known = knownFlags(found.success)
  if (flag !== null) return complain(operation, commandInputError(message, flagHint(flag, known), { flag, known }))
  return complain(operation, commandInputError(message, "Put the JSON into single quotes; a command goes behind --, as in: backbeat start -- npm test"))
}

/** Answers what needs no engine; the exit code. */
export const answerLocally = (line: Exclude<CommandLine, { readonly kind: "call" }>): Promise<number> => {
  switch (line.kind) {
    case "version":
      return show(`backbeat ${version}`, "version", { version }, line.pretty)
    case "help":
      return help(line.operation, line.pretty)
    case "mistake":
      return mistake(line)
  }
}
