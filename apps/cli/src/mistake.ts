/** Explains an invalid command line, with the line to type if it is clear. */
import { lookUp } from "@backbeat/contract/discovery"
import { commonFlagTexts, flagTexts } from "@backbeat/contract/help"
import { meantByLine } from "@backbeat/contract/meant/meantByLine"
import { comingWith } from "@backbeat/contract/meant/words"
import { nearest } from "@backbeat/contract/nearest"
import { callText } from "@backbeat/contract/callText"
import { areIds } from "@backbeat/contract/meant/meantByWords"
import { knownFlags, type Operation } from "@backbeat/contract/Operation"
import { commandInputError, type Problem } from "@backbeat/contract/Problem"
import { shapeOf } from "@backbeat/contract/Shape"
import * as Result from "effect/Result"
import type { Mistyped } from "./commandLine.ts"

const flagLines: ReadonlyArray<string> = [...Object.values(flagTexts), ...commonFlagTexts]

/** What to do about a flag: which value it takes, or a similar flag; null if there is none. */
const flagHint = (flag: string, known: ReadonlyArray<string>): string | null => {
  const its = known.includes(flag)
    ? flagLines.find((line) => line.startsWith(`${flag} `))
    : undefined
  if (its !== undefined) return `${its.replace(/ {2,}/u, ": ")}.`
  const near = nearest(flag, known)
  return near === null ? null : `Did you mean ${near}?`
}

/** What to do about several words after an operation that accepts one id, or ids or a reason. */
const wordsHint = (row: Operation, words: ReadonlyArray<string>): string => {
  const { name, positional } = row
  const [id = "", ...rest] = words
  if (positional !== "id" || rest.length === 0 || !areIds(words))
    return "Put the JSON into single quotes, and a command after --: backbeat start -- npm test"
  const fields = Object.keys(shapeOf(row, "input").properties ?? {})
  return fields.includes("ids") && fields.includes("reason")
    ? `For several tasks: ${callText(name, { ids: words })}. For a reason: ${callText(name, { id, reason: rest.join(" ") })}`
    : `${name} takes one id. Call it once for each: backbeat ${name} ${id}`
}

/** The problem, and whether its hint is about the wrong flag. */
const plain = ({
  flag,
  message,
  operation,
  args,
  words
}: Mistyped): { readonly told: Problem; readonly isAboutFlag: boolean } => {
  if (operation === "") {
    const told = commandInputError(
      message,
      "Usage: backbeat <operation> [payload] [flags]. Run backbeat help to see the operations and flags.",
      { flag }
    )
    return { told, isAboutFlag: flag !== null }
  }
  const found = lookUp(operation)
  if (Result.isFailure(found)) return { told: found.failure, isAboutFlag: flag !== null }
  if (flag === null)
    return {
      told: commandInputError(message, wordsHint(found.success, words)),
      isAboutFlag: false
    }
  const known = knownFlags(found.success)
  const coming = args.map(comingWith).find((sentence) => sentence !== null)
  const hint = coming ?? flagHint(flag, known)
  return {
    told: commandInputError(message, hint ?? `Known flags: ${known.join(", ")}.`, { flag, known }),
    isAboutFlag: hint !== null
  }
}

/** The problem of a line, with the intended call as `try`. Features of later versions have none. */
export const explainMistake = (line: Mistyped): Problem => {
  const { told, isAboutFlag } = plain(line)
  const meant = line.args.some((word) => comingWith(word) !== null)
    ? null
    : meantByLine(line.args, line.argv)
  if (meant === null) return told
  const { known: _, ...details } = told.details
  return { ...told, hint: isAboutFlag ? told.hint : meant.hint, details, try: meant.call }
}
