/** Explains a command line that is no call, with the line to type where one is meant. */
import { lookUp } from "@backbeat/contract/discovery"
import { commonFlagTexts, flagTexts } from "@backbeat/contract/help"
import { meantByLine } from "@backbeat/contract/meant/meantByLine"
import { comingWith } from "@backbeat/contract/meant/words"
import { nearest } from "@backbeat/contract/nearest"
import { callText } from "@backbeat/contract/callText"
import { areIds } from "@backbeat/contract/meant/meantByWords"
import { knownFlags, type Operation } from "@backbeat/contract/Operation"
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import * as Result from "effect/Result"
import type { Mistyped } from "./commandLine.ts"

const flagLines: ReadonlyArray<string> = [...Object.values(flagTexts), ...commonFlagTexts]

/** What to do about a flag: what it takes, or which flags there are. */
const flagHint = (flag: string, known: ReadonlyArray<string>): string => {
  const its = known.includes(flag)
    ? flagLines.find((line) => line.startsWith(`${flag} `))
    : undefined
  if (its !== undefined) return `${its.replace(/ {2,}/u, ": ")}.`
  const near = nearest(flag, known)
  return near === null ? `Known flags: ${known.join(", ")}.` : `Did you mean ${near}?`
}

/** What to do about several words after an operation that takes one id, or ids or a reason. */
const wordsHint = ({ name, positional }: Operation, words: ReadonlyArray<string>): string => {
  const [id = "", ...rest] = words
  if (positional !== "id" || rest.length === 0 || !areIds(words))
    return "Put the JSON into single quotes, and a command after --: backbeat start -- npm test"
  return name === "stop" || name === "restart"
    ? `For several tasks: ${callText(name, { ids: words })}. For a reason: ${callText(name, { id, reason: rest.join(" ") })}`
    : `${name} takes one id. Call it once for each: backbeat ${name} ${id}`
}

const plain = ({ flag, message, operation, args, words }: Mistyped): Problem => {
  if (operation === "") {
    return commandInputError(
      message,
      "Usage: backbeat <operation> [payload] [flags]. Run backbeat help to see the operations and flags.",
      { flag }
    )
  }
  const found = lookUp(operation)
  if (Result.isFailure(found)) return found.failure
  const known = knownFlags(found.success)
  const coming = args.map(comingWith).find((sentence) => sentence !== null)
  if (flag !== null)
    return commandInputError(message, coming ?? flagHint(flag, known), { flag, known })
  return commandInputError(message, wordsHint(found.success, words))
}

/** The problem of a line, with the call that it means as `try`. What a later version brings has none. */
export const explainMistake = (line: Mistyped): Problem => {
  const told = plain(line)
  const meant = line.args.some((word) => comingWith(word) !== null)
    ? null
    : meantByLine(line.args, line.argv)
  if (meant === null) return told
  const { known: _, ...details } = told.details
  const isAboutFlag = line.flag !== null && !told.hint.startsWith("Known flags")
  const hint = isAboutFlag ? told.hint : meant.hint
  return { ...told, hint, details, try: meant.call }
}
