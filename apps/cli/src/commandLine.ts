/** What was typed: an operation with payload and flags, a wish for help, or a mistake. Loads no schema. */
import { type FlagName, flagKinds, operationNames } from "@backbeat/contract/names"

/** A call as typed. `argv` is what stood after `--`. */
export interface TypedCall {
  readonly kind: "call"
  readonly operation: string
  readonly payload: string | null
  readonly argv: ReadonlyArray<string> | null
  readonly flags: Readonly<Record<string, string | number | boolean>>
  readonly pretty: boolean
  readonly home: string | undefined
}

/** What the entry makes of its arguments. */
export type CommandLine =
  | TypedCall
  | { readonly kind: "help"; readonly operation: string | null; readonly pretty: boolean }
  | { readonly kind: "version"; readonly pretty: boolean }
  | { readonly kind: "mistake"; readonly operation: string; readonly message: string; readonly flag: string | null }

interface Draft {
  readonly words: Array<string>
  readonly flags: Record<string, string | number | boolean>
  pretty: boolean
  help: boolean
  version: boolean
  home: string | undefined
}

const isFlag = (name: string): name is FlagName => Object.hasOwn(flagKinds, name)

const names: ReadonlyArray<string> = operationNames

/** One or two words, as the table has them. */
const splitOperation = (words: ReadonlyArray<string>): { readonly operation: string; readonly rest: ReadonlyArray<string> } => {
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
  if (!Number.isFinite(number)) throw new Mistake(`--${name}`, `--${name} needs a number, got ${text}`)
  return number
}

const isOwn = (name: string): name is "pretty" | "help" | "version" =>
  name === "pretty" || name === "help" || name === "version"

/** Takes the flag at `at`; answers how many arguments it used. */
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
  for (let at = 0; at < args.length; ) {
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

/** What the bare words behind these name is an operation, and some of those have two words. */
const aboutOperations: ReadonlyArray<string> = ["schema show", "examples show"]

const payloadsOf = (operation: string, rest: ReadonlyArray<string>): ReadonlyArray<string> =>
  aboutOperations.includes(operation) && rest.length === 2 && rest.every((word) => /^[a-z]+$/u.test(word)) ? [rest.join(" ")] : rest

const understand = (draft: Draft, argv: ReadonlyArray<string> | null): CommandLine => {
  const { words, flags, pretty, help, home } = draft
  if (draft.version) return { kind: "version", pretty }
  const isHelp = words[0] === "help"
  const { operation, rest } = splitOperation(isHelp ? words.slice(1) : words)
  if (help || isHelp || operation === "") return { kind: "help", operation: operation === "" ? null : operation, pretty }
  const [payload = null, ...more] = payloadsOf(operation, rest)
  if (more.length > 0) return { kind: "mistake", operation, message: `more than one payload: ${rest.join(" ")}`, flag: null }
  return { kind: "call", operation, payload, argv, flags, pretty, home }
}

/** Reads the command line. Flags may stand before, between and after; everything behind `--` is a command. */
export const parseCommandLine = (args: ReadonlyArray<string>): CommandLine => {
  const end = args.indexOf("--")
  const draft: Draft = { words: [], flags: {}, pretty: false, help: false, version: false, home: undefined }
  try {
    read(draft, end < 0 ? args : args.slice(0, end))
    return understand(draft, end < 0 ? null : args.slice(end + 1))
  } catch (thrown) {
    if (!(thrown instanceof Mistake)) throw thrown
    return { kind: "mistake", operation: splitOperation(draft.words).operation, message: thrown.message, flag: thrown.flag }
  }
}
