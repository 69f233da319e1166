/** A surface for which problems and answers are written: how it writes mentions. */
import type { SurfaceName } from "../names.ts"
import type { Try } from "../Problem.ts"
import {
  type FlagMention,
  type Hint,
  type Mention,
  partsOf,
  type Sentence,
  sentencesOf,
  type Text
} from "../Text.ts"

/** How a surface writes each mention; null for what it does not have. */
export interface Surface {
  readonly name: SurfaceName
  /** A call; only its name without a payload. */
  readonly call: (operation: string, payload: unknown) => string | null
  /** A call with all field names, whether or not it may be made. */
  readonly example: (operation: string, payload: unknown) => string
  readonly flag: (flag: FlagMention) => string | null
  /** A sentence that says where to list all operations, or the fields of one. */
  readonly listing: (operation: string | null) => string | null
  /** What to do about a problem that has no hint, but maybe a suggested call. */
  readonly fallback: (suggestion: Try | undefined) => string
}

const writeMention = (mention: Mention, surface: Surface, path: string): string | null => {
  switch (mention.kind) {
    case "call":
      return surface.call(mention.operation, mention.payload)
    case "flag":
      return surface.flag(mention)
    case "path":
      return path
  }
}

/**
 * The text as a surface writes it; null if it mentions what the surface does not have. `path` is
 * the field that it is about.
 */
export const writeText = (text: Text, surface: Surface, path = ""): string | null => {
  let written = ""
  for (const part of partsOf(text)) {
    const piece = typeof part === "string" ? part : writeMention(part, surface, path)
    if (piece === null) return null
    written += piece
  }
  return written
}

const writeSentence = (sentence: Sentence, surface: Surface, path: string): string | null => {
  if (typeof sentence === "object" && "only" in sentence)
    return sentence.only === surface.name ? writeText(sentence.text, surface, path) : null
  if (typeof sentence === "object" && "lists" in sentence)
    return surface.listing(sentence.lists === "operations" ? null : sentence.lists.fieldsOf)
  if (typeof sentence === "object" && "firstOf" in sentence)
    return (
      sentence.firstOf
        .map((text) => writeText(text, surface, path))
        .find((written) => written !== null) ?? null
    )
  return writeText(sentence, surface, path)
}

/** The hint as a surface writes it; empty if all its sentences are left out. */
export const writeHint = (hint: Hint, surface: Surface, path = ""): string =>
  sentencesOf(hint)
    .flatMap((sentence) => writeSentence(sentence, surface, path) ?? [])
    .filter((sentence) => sentence !== "")
    .join(" ")
