/**
 * Sentences of problems and answers that every surface writes in its own way: they mention calls, flags and fields as data. Plain data, so
 * that they can be sent as they are.
 */
import type { FlagName, OperationName, SurfaceName } from "./names.ts"

/** A call; without a payload only the name of its operation is meant. */
export interface CallMention {
  readonly kind: "call"
  readonly operation: OperationName
  readonly payload?: unknown
}

/** A flag of a call, with a value if one is meant. */
export interface FlagMention {
  readonly kind: "flag"
  readonly name: FlagName | "home" | "pretty" | "help" | "version"
  readonly value?: string | number
}

/** The field that the problem is about, where the call holds it. */
export interface PathMention {
  readonly kind: "path"
}

/** What each surface writes in its own way. */
export type Mention = CallMention | FlagMention | PathMention

/** A text with mentions in it. */
export interface Parts {
  readonly parts: ReadonlyArray<string | Mention>
}

/** A text that is true on every surface. */
export type Text = string | Parts

/** A sentence that only one surface needs, such as how a shell quotes. */
export interface OnlyOn {
  readonly only: SurfaceName
  readonly text: Text
}

/** Where more is listed: all operations, or the fields of one. */
export interface Listing {
  readonly lists: "operations" | { readonly fieldsOf: string }
}

/** The first of these that mentions only what the surface has. */
export interface FirstOf {
  readonly firstOf: ReadonlyArray<Text>
}

/** A sentence of a hint. A surface leaves out one that mentions what it does not have. */
export type Sentence = Text | OnlyOn | Listing | FirstOf

/** What to do about a problem. */
export type Hint = Sentence | ReadonlyArray<Sentence>

/** Mentions a call. */
export const callOf = (operation: OperationName, payload?: unknown): CallMention => ({
  kind: "call",
  operation,
  ...(payload === undefined ? {} : { payload })
})

/** Mentions a flag. */
export const flagOf = (name: FlagMention["name"], value?: string | number): FlagMention => ({
  kind: "flag",
  name,
  ...(value === undefined ? {} : { value })
})

/** Mentions the field that the problem is about. */
export const ownPath: PathMention = { kind: "path" }

/** A sentence for one surface alone. */
export const onlyOn = (only: SurfaceName, text: Text): OnlyOn => ({ only, text })

/** A sentence with others in its place, for surfaces that do not have what it mentions. */
export const firstOf = (...texts: ReadonlyArray<Text>): FirstOf => ({ firstOf: texts })

/** The parts of a text. */
export const partsOf = (text: Text): Parts["parts"] =>
  typeof text === "string" ? [text] : text.parts

/** One text of several, one after the other. */
export const joined = (...texts: ReadonlyArray<Text>): Parts => ({ parts: texts.flatMap(partsOf) })

const isSentences = (hint: Hint): hint is ReadonlyArray<Sentence> => Array.isArray(hint)

/** The sentences of a hint. */
export const sentencesOf = (hint: Hint): ReadonlyArray<Sentence> =>
  isSentences(hint) ? hint : [hint]

/** Whether a hint says nothing. */
export const isSilent = (hint: Hint): boolean => sentencesOf(hint).every((each) => each === "")

const isMention = (value: string | number | Text | Mention): value is Mention =>
  typeof value === "object" && "kind" in value

/** A text as a template: sentence`Run ${callOf("list")} to see the task ids.` */
export const sentence = (
  strings: TemplateStringsArray,
  ...values: ReadonlyArray<string | number | Text | Mention>
): Parts => ({
  parts: strings.flatMap((string, index) => {
    const value = values[index]
    if (value === undefined) return [string]
    if (typeof value !== "object") return [string, String(value)]
    return isMention(value) ? [string, value] : [string, ...value.parts]
  })
})
