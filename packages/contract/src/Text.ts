/**
 * Texts of problems and answers that each surface writes in its own way: they mention calls, flags
 * and fields as data. They are plain data, so they can be sent unchanged.
 */
import type { FlagName, OperationName, SurfaceName } from "./names.ts"

/** A call; without a payload, only the name of its operation. */
export interface CallMention {
  readonly kind: "call"
  readonly operation: OperationName
  readonly payload?: unknown
}

/** A flag of a call, with an optional value. */
export interface FlagMention {
  readonly kind: "flag"
  readonly name: FlagName | "home" | "pretty" | "help" | "version"
  readonly value?: string | number
}

/** The field of the problem, as the call contains it. */
export interface PathMention {
  readonly kind: "path"
}

/** A mention that each surface writes in its own way. */
export type Mention = CallMention | FlagMention | PathMention

/** A text with mentions. */
export interface Parts {
  readonly parts: ReadonlyArray<string | Mention>
}

/** A text for every surface. */
export type Text = string | Parts

/** A sentence for one surface, such as how a shell quotes. */
export interface OnlyOn {
  readonly only: SurfaceName
  readonly text: Text
}

/** A list of operations, or of the fields of one. */
export interface Listing {
  readonly lists: "operations" | { readonly fieldsOf: string }
}

/** The first of these whose mentions the surface has. */
export interface FirstOf {
  readonly firstOf: ReadonlyArray<Text>
}

/** A sentence of a hint. A surface leaves it out if it mentions what the surface does not have. */
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

/** Mentions the field of the problem. */
export const ownPath: PathMention = { kind: "path" }

/** A sentence for one surface only. */
export const onlyOn = (only: SurfaceName, text: Text): OnlyOn => ({ only, text })

/** A sentence, with alternatives for surfaces that do not have what it mentions. */
export const firstOf = (...texts: ReadonlyArray<Text>): FirstOf => ({ firstOf: texts })

/** The parts of a text. */
export const partsOf = (text: Text): Parts["parts"] =>
  typeof text === "string" ? [text] : text.parts

/** Joins several texts into one. */
export const joined = (...texts: ReadonlyArray<Text>): Parts => ({ parts: texts.flatMap(partsOf) })

const isSentences = (hint: Hint): hint is ReadonlyArray<Sentence> => Array.isArray(hint)

/** The sentences of a hint. */
export const sentencesOf = (hint: Hint): ReadonlyArray<Sentence> =>
  isSentences(hint) ? hint : [hint]

/** Whether a hint is empty. */
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
