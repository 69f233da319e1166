/**
 * Finds what an invalid command line means: flags that are fields, words without JSON, another
 * tool's name of an operation.
 */
import * as Predicate from "effect/Predicate"
import { fieldMeant, holdersOf } from "../Flaw.ts"
import { commonFlagNames, type FlagName, flagKinds, isFlagName, operationNames } from "../names.ts"
import { nearest } from "../nearest.ts"
import type { Operation } from "../Operation.ts"
import type { Try } from "../Problem.ts"
import { type Shape, shapeOf } from "../Shape.ts"
import { findOperation } from "../table.ts"
import type { Sentence } from "../Text.ts"
import { complete } from "./complete.ts"
import { holds } from "./holds.ts"
import { meantByWords } from "./meantByWords.ts"
import { lengthOf } from "./units.ts"
import { operationMeantBy } from "./words.ts"

/** The operation that a word names exactly or nearly; null if none. */
const operationNear = (word: string): string | null =>
  operationMeantBy(word) ?? nearest(word, operationNames)

interface Located {
  readonly row: Operation
  readonly rest: ReadonlyArray<string>
}

const names: ReadonlyArray<string> = operationNames

const secondsOf = (word: string): ReadonlyArray<string> =>
  names.flatMap((name) => (name.startsWith(`${word} `) ? [name.slice(word.length + 1)] : []))

const isGroup = (word: string): boolean => secondsOf(word).length > 0

/** The operation that a word means, with the next word if the operation has two. */
const named = (word: string, second: string): string | null => {
  if (names.includes(word) || !isGroup(word)) return operationNear(word)
  const near = nearest(second, secondsOf(word))
  return near === null ? null : `${word} ${near}`
}

const locateAt = (args: ReadonlyArray<string>, at: number): Located | null => {
  const [word = "", next = ""] = args.slice(at)
  const two = `${word} ${next}`
  const name = names.includes(two) ? two : named(word, next)
  const row = name === null ? null : findOperation(name)
  const length = isGroup(word) && row?.name.includes(" ") === true ? 2 : 1
  return row === null ? null : { row, rest: [...args.slice(0, at), ...args.slice(at + length)] }
}

/** Finds the operation among the arguments. The value of a preceding flag is not an operation. */
const locate = (args: ReadonlyArray<string>): Located | null => {
  for (const [at, word] of args.entries()) {
    const located = word.startsWith("-") ? null : locateAt(args, at)
    if (located !== null) return located
    if (!word.startsWith("-") && args[at - 1]?.startsWith("--") !== true) return null
  }
  return null
}

interface Draft {
  readonly row: Operation
  readonly shape: Shape
  readonly payload: Record<string, unknown>
  readonly flags: Record<string, string | number | boolean>
  readonly words: Array<string>
}

const shorts: Readonly<Record<string, string>> = {
  f: "follow",
  n: "n",
  w: "wait",
  t: "tag",
  q: "queue"
}

/** The flags that do not change the meaning of a call. */
const looks: ReadonlyArray<string> = [...commonFlagNames.filter((name) => name !== "home"), "json"]

/** Parses a number or a duration, in seconds like all flags; null if it is neither. */
const flagValue = (kind: "number" | "text", value = ""): string | number | null => {
  if (value === "") return null
  if (kind === "text") return value
  const length = lengthOf(value, Infinity)
  return length === null ? null : length.ms / 1000
}

const hasType = (shape: Shape, type: string): boolean =>
  (shape.anyOf ?? [shape]).some((each) => each.type === type)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const valueFor = (shape: Shape, text: string, before: unknown): unknown => {
  if (/^[[{]/u.test(text)) return parsed(text)
  if (!hasType(shape, "array")) return text
  const items = text.split(",")
  return Array.isArray(before) ? [...before, ...items] : items
}

/** The flag of the operation with exactly or nearly this name. */
const flagFor = ({ flags }: Operation, name: string): FlagName | null => {
  const known = flags.find((each) => each === name)
  if (known !== undefined || isFlagName(name)) return known ?? null
  const near = nearest(name, flags)
  return near !== null && isFlagName(near) ? near : null
}

/**
 * Handles a flag of the operation. Returns how many arguments it used, or null if it has no such
 * flag.
 */
const takeFlag = (
  { row, flags }: Draft,
  name: string,
  value: string | undefined
): number | null => {
  if (name === "home" && value !== undefined && value !== "") {
    flags["home"] = value
    return 2
  }
  if (looks.includes(name)) return 1
  const known = flagFor(row, name)
  if (known === null) return null
  const kind = flagKinds[known]
  const given = kind === "switch" ? true : flagValue(kind, value)
  if (given === null) return null
  flags[known] = given
  return kind === "switch" ? 1 : 2
}

/** Handles a field of a nested object. Its place is found when the payload is corrected. */
const takeInner = (
  whole: Shape,
  payload: Record<string, unknown>,
  name: string,
  value: string | undefined
): number | null => {
  if (value === undefined || holdersOf(whole, name).length === 0) return null
  payload[name] = value
  return 2
}

/**
 * Handles a field written as a flag. Returns how many arguments it used, or null if it is no field.
 */
const takeField = (
  { shape: whole, payload }: Draft,
  name: string,
  value: string | undefined
): number | null => {
  const { properties = {} } = whole
  const camel = name.replaceAll(/-(\w)/gu, (_, letter: string) => letter.toUpperCase())
  const field = fieldMeant(camel, Object.keys(properties))
  const shape = field === null ? undefined : properties[field]
  if (field === null || shape === undefined) return takeInner(whole, payload, camel, value)
  if (shape.type === "boolean") return ((payload[field] = true), 1)
  if (value === undefined) return null
  payload[field] = valueFor(shape, value, payload[field])
  return 2
}

/**
 * After a command all arguments belong to it, except flags of backbeat. A whole line or a prompt is
 * one argument.
 */
const takesAllWords = ({ row, words }: Draft): boolean =>
  row.argv === true && /^[^\s{[]+$/u.test(words[0] ?? "")

const isForeign = (draft: Draft, argument: string): boolean =>
  takesAllWords(draft) &&
  ![...draft.row.flags, "home"].some(
    (flag) => argument === `--${flag}` || argument.startsWith(`--${flag}=`)
  )

const flagShape = /^(--?)([A-Za-z][\w-]*)(?:=(.*))?$/su

/** Returns how many arguments were used; null if one has no meaning here. */
const take = (draft: Draft, args: ReadonlyArray<string>, at: number): number | null => {
  const [argument = "", next] = args.slice(at)
  const [, dashes, typed, inline] = flagShape.exec(argument) ?? []
  if (typed === undefined || isForeign(draft, argument)) {
    draft.words.push(argument)
    return 1
  }
  const name = dashes === "-" ? (shorts[typed] ?? typed) : typed
  const used = takeFlag(draft, name, inline ?? next) ?? takeField(draft, name, inline ?? next)
  return used === 2 && inline !== undefined ? 1 : used
}

/** Words after an agent or a model are its prompt. */
const asPrompt = ({ row, payload, words }: Draft): Readonly<Record<string, unknown>> | null =>
  row.argv === true && words.length > 0 && ("agent" in payload || "model" in payload)
    ? { prompt: words.join(" ") }
    : null

const wordsOf = (draft: Draft): Readonly<Record<string, unknown>> | null => {
  const { row, shape, words } = draft
  const [first = "", ...more] = words
  const json: unknown = /^\s*[[{]/u.test(first) && more.length === 0 ? parsed(first) : null
  if (Predicate.isObject(json) && !Array.isArray(json)) return { ...json }
  const fields = Object.keys(shape.properties ?? {})
  return asPrompt(draft) ?? meantByWords(row.name, { words, fields, batch: row.batch })
}

const withArgv = (
  payload: Readonly<Record<string, unknown>>,
  argv: ReadonlyArray<string> | null
) => {
  const [command, ...args] = argv ?? []
  return command === undefined ? payload : { ...payload, command, args }
}

/** A step of a chain may be a shell line. */
const stepsOf = ({
  steps,
  ...rest
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Array.isArray(steps)
    ? {
        ...rest,
        steps: steps.map((step: unknown) => (typeof step === "string" ? { script: step } : step))
      }
    : rest

/** The call that a line means, and a sentence about it; null if it is not clear. */
export const meantByLine = (
  args: ReadonlyArray<string>,
  argv: ReadonlyArray<string> | null
): { readonly call: Try; readonly hint: ReadonlyArray<Sentence> } | null => {
  const located = locate(args)
  if (located === null) return null
  const { row, rest } = located
  const draft: Draft = { row, shape: shapeOf(row, "input"), payload: {}, flags: {}, words: [] }
  for (let at = 0; at < rest.length;) {
    const used = take(draft, rest, at)
    if (used === null) return null
    at += used
  }
  const fromWords = wordsOf(draft)
  if (fromWords === null) return null
  const meant = complete(
    row,
    withArgv(stepsOf({ ...fromWords, ...draft.payload }), argv),
    draft.shape
  )
  if (meant === null) return null
  const flags = { ...draft.flags, ...meant.call.flags }
  const call = { ...meant.call, ...(Object.keys(flags).length > 0 ? { flags } : {}) }
  return holds(call) ? { ...meant, call } : null
}
