/**
 * Parses the command line: an operation with payload and flags, a request for help, or a mistake.
 * Loads no schema.
 */
import { entryRowOf, type FlagName, flagKinds, operationNames } from "@backbeat/contract/names"

/** A call as typed. `argv` is everything after `--`. */
export interface TypedCall {
  readonly kind: "call"
  readonly operation: string
  readonly payload: string | null
  readonly argv: ReadonlyArray<string> | null
  readonly flags: Readonly<Record<string, string | number | boolean>>
  readonly pretty: boolean
  readonly home: string | undefined
}

/** The parsed command line. */
export type CommandLine =
  | TypedCall
  | {
      readonly kind: "help"
      readonly operation: string | null
      readonly pretty: boolean
      readonly get: string | null
    }
  | { readonly kind: "version"; readonly pretty: boolean }
  | Mistyped

/** An invalid command line. `args` is everything before `--`, `argv` everything after it. */
export interface Mistyped {
  readonly kind: "mistake"
  readonly operation: string
  readonly message: string
  readonly flag: string | null
  readonly args: ReadonlyArray<string>
  readonly argv: ReadonlyArray<string> | null
  /** The words after the operation. */
  readonly words: ReadonlyArray<string>
}

interface Draft {
  words: Array<string>
  readonly flags: Record<string, string | number | boolean>
  pretty: boolean
  help: boolean
  version: boolean
  json: boolean
  home: string | undefined
}

const isFlag = (name: string): name is FlagName => Object.hasOwn(flagKinds, name)

const names: ReadonlyArray<string> = operationNames

/** The name of the operation, which has one or two words. */
const splitOperation = (
  words: ReadonlyArray<string>
): { readonly operation: string; readonly rest: ReadonlyArray<string> } => {
  const [first = "", second = "", ...more] = words
  const two = `${first} ${second}`
  if (names.includes(two)) return { operation: two, rest: more }
  const isGroup = names.some((name) => name.startsWith(`${first} `))
  if (isGroup && !names.includes(first)) return { operation: two.trim(), rest: more }
  return { operation: first, rest: words.slice(1) }
}

class Mistake extends Error {
  readonly flag: string
  constructor(flag: string, message: string) {
    super(message)
    this.flag = flag
  }
}

const valueOf = (name: FlagName, text: string | undefined): string | number | boolean => {
  const kind = flagKinds[name]
  if (kind === "switch") {
    if (text !== undefined) throw new Mistake(`--${name}`, `--${name} takes no value`)
    return true
  }
  if (text === undefined || text === "") throw new Mistake(`--${name}`, `--${name} needs a value`)
  if (kind === "text") return text
  const number = Number(text)
  if (!Number.isFinite(number))
    throw new Mistake(`--${name}`, `--${name} needs a number, got ${text}`)
  return number
}

const isOwn = (name: string): name is "pretty" | "help" | "version" | "json" =>
  name === "pretty" || name === "help" || name === "version" || name === "json"

/** Handles the flag at `at`. Returns how many arguments it used. */
const takeFlag = (draft: Draft, args: ReadonlyArray<string>, at: number): number => {
  const argument = args[at] ?? ""
  const equals = argument.indexOf("=")
  const name = argument.slice(2, equals < 0 ? undefined : equals)
  const inline = equals < 0 ? undefined : argument.slice(equals + 1)
  if (isOwn(name)) {
    if (inline !== undefined) throw new Mistake(`--${name}`, `--${name} takes no value`)
    draft[name] = true
    return 1
  }
  if (isFlag(name) && flagKinds[name] === "switch") {
    draft.flags[name] = valueOf(name, inline)
    return 1
  }
  takeValue(draft, name, inline ?? args[at + 1])
  return inline === undefined ? 2 : 1
}

const takeValue = (draft: Draft, name: string, value: string | undefined): void => {
  if (name === "home") {
    if (value === undefined || value === "") throw new Mistake("--home", "--home needs a directory")
    draft.home = value
  } else if (isFlag(name)) draft.flags[name] = valueOf(name, value)
  else throw new Mistake(`--${name}`, `unknown flag --${name}`)
}

const read = (draft: Draft, args: ReadonlyArray<string>): void => {
  for (let at = 0; at < args.length;) {
    const argument = args[at] ?? ""
    if (argument.startsWith("--")) {
      at += takeFlag(draft, args, at)
      continue
    }
    if (argument === "-h") draft.help = true
    else if (argument === "-v") draft.version = true
    else if (/^-[A-Za-z]/u.test(argument)) throw new Mistake(argument, `unknown flag ${argument}`)
    else draft.words.push(argument)
    at++
  }
}

/** The value as JSON, or the word itself if it is not JSON. */
const settingOf = (word: string): unknown => {
  try {
    return JSON.parse(word)
  } catch {
    return word
  }
}

/** The payloads in the words after an operation; a valid call has at most one. */
const payloadsOf = (operation: string, rest: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [first = "", second = ""] = rest
  if (rest.length !== 2 || first.startsWith("{")) return rest
  const { words, namesOperation = false } = entryRowOf(operation) ?? {}
  if (words !== undefined)
    return [JSON.stringify({ [words[0]]: first, [words[1]]: settingOf(second) })]
  return namesOperation && rest.every((word) => /^[a-z]+$/u.test(word)) ? [rest.join(" ")] : rest
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Reads a `try` of an error as the command line: one word that is an object with an operation. */
const readTry = (draft: Draft): void => {
  const [first = "", ...more] = draft.words
  if (!first.startsWith("{") || more.length > 0) return
  const suggestion = settingOf(first)
  if (!isRecord(suggestion) || typeof suggestion["operation"] !== "string") return
  const flags = isRecord(suggestion["flags"]) ? suggestion["flags"] : {}
  for (const [name, value] of Object.entries(flags))
    takeFlag(draft, value === true ? [`--${name}`] : [`--${name}=${String(value)}`], 0)
  draft.words = [
    ...suggestion["operation"].split(" "),
    ...(suggestion["payload"] === undefined ? [] : [JSON.stringify(suggestion["payload"])])
  ]
}

/** A call without arguments may mean another operation: `status` means `list`. */
const calledAs = ({
  operation,
  payload,
  argv
}: Pick<TypedCall, "operation" | "payload" | "argv">): string =>
  payload === null && argv === null ? (entryRowOf(operation)?.bare ?? operation) : operation

/** Creates the mistake for these arguments. */
type Complain = (flag: string | null, message: string) => Mistyped

const understand = (
  draft: Draft,
  argv: ReadonlyArray<string> | null,
  complain: Complain
): CommandLine => {
  const { words, flags, pretty, help, home } = draft
  if (draft.version) return { kind: "version", pretty }
  const isHelp = words[0] === "help"
  const { operation, rest } = splitOperation(isHelp ? words.slice(1) : words)
  if (help || isHelp || operation === "")
    return {
      kind: "help",
      operation: operation === "" ? null : operation,
      pretty,
      get: typeof flags.get === "string" ? flags.get : null
    }
  const payloads = payloadsOf(operation, rest)
  const [payload = null] = payloads
  if (payloads.length > 1 || !names.includes(operation))
    return complain(null, `more than one payload: ${rest.join(" ")}`)
  return {
    kind: "call",
    operation: calledAs({ operation, payload, argv }),
    payload,
    argv,
    flags,
    pretty,
    home
  }
}

/** Parses the command line. Flags may be anywhere before `--`; everything after it is a command. */
export const parseCommandLine = (all: ReadonlyArray<string>): CommandLine => {
  const end = all.indexOf("--")
  const args = end < 0 ? all : all.slice(0, end)
  const argv = end < 0 ? null : all.slice(end + 1)
  const draft: Draft = {
    words: [],
    flags: {},
    pretty: false,
    help: false,
    version: false,
    json: false,
    home: undefined
  }
  const complain: Complain = (flag, message) => ({
    kind: "mistake",
    operation: splitOperation(draft.words).operation,
    message,
    flag,
    args,
    argv,
    words: splitOperation(draft.words).rest
  })
  try {
    read(draft, args)
    readTry(draft)
    return understand(draft, argv, complain)
  } catch (thrown) {
    if (!(thrown instanceof Mistake)) throw thrown
    return complain(thrown.flag, thrown.message)
  }
}
