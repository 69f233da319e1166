/** Lines for people about the tool calls of an agent. */
import type { Denied } from "@backbeat/core/task/AgentOutcome"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { oneLine } from "../text/keepEnd.ts"
import { plainMessage } from "../failure/plainMessage.ts"

const maxLength = 200

// The arguments that describe a call, the most specific first.
const subjectKeys = [
  "command",
  "file_path",
  "filePath",
  "notebook_path",
  "absolute_path",
  "path",
  "dir_path",
  "pattern",
  "query",
  "url",
  "description",
  "skill",
  "name",
  "prompt"
]

const decodeArguments = Schema.decodeUnknownOption(Schema.Record(Schema.String, Schema.Unknown))

const subjectOf = (given: unknown): string => {
  if (typeof given === "string") return given
  const fields = Option.getOrElse(
    decodeArguments(given),
    () => ({}) satisfies Record<string, unknown>
  )
  const texts = new Map(
    Object.entries(fields).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string"
    )
  )
  return texts.get(subjectKeys.find((key) => texts.has(key)) ?? "") ?? [...texts.values()][0] ?? ""
}

/** A denied tool call. */
export const deniedCall = (tool: string | null, given: unknown): Denied => ({
  tool: oneLine(tool ?? "tool", maxLength),
  what: oneLine(subjectOf(given), maxLength)
})

/** A tool call in one line, such as `> Bash: npm test`. */
export const callLine = (tool: string, given: unknown): string => {
  const subject = oneLine(subjectOf(given), maxLength)
  return subject === ""
    ? `> ${oneLine(tool, maxLength)}`
    : `> ${oneLine(tool, maxLength)}: ${subject}`
}

/** An error in one line, such as `! File does not exist.` */
export const errorLine = (message: string): string =>
  `! ${oneLine(plainMessage(message), maxLength * 2)}`
