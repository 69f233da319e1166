/** Writes the sentences of an answer for the surface that asks. */
import { commandLine } from "@backbeat/contract/surface/commandLine"
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import type { Hint } from "@backbeat/contract/Text"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** The surface that the answer of the current call is written for. */
export const AskingSurface = Context.Reference<Surface>("@backbeat/engine/call/AskingSurface", {
  defaultValue: () => commandLine
})

/** The sentences as that surface writes them. */
export const written = Effect.fnUntraced(function* (sentences: Hint) {
  return writeHint(sentences, yield* AskingSurface)
})
