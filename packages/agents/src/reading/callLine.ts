/** Lines for people about what an agent does. */
import type { Denied } from "@backbeat/core/task/AgentOutcome"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { oneLine } from "../text/keepEnd.ts"
import { plainMessage } from "../trouble/plainMessage.ts"

const longest = 200

// The argument that tells most of a call comes first.
const telling = [
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
  return texts.get(telling.find((key) => texts.has(key)) ?? "") ?? [...texts.values()][0] ?? ""
}

/** A call of a tool that was refused. */
export const deniedCall = (tool: string | null, given: unknown): Denied => ({
  tool: oneLine(tool ?? "tool", longest),
  what: oneLine(subjectOf(given), longest)
})

/** A call of a tool in one line, such as `> Bash: npm test`. */
export const callLine = (tool: string, given: unknown): string => {
  const subject = oneLine(subjectOf(given), longest)
  return subject === "" ? `> ${oneLine(tool, longest)}` : `> ${oneLine(tool, longest)}: ${subject}`
}

/** Something that went wrong in one line, such as `! File does not exist.` */
export const errorLine = (message: string): string =>
  `! ${oneLine(plainMessage(message), longest * 2)}`
