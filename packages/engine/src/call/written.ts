/** Writes the sentences of an answer for the surface of the caller. */
import { commandLine } from "@backbeat/contract/surface/commandLine"
import { type Surface, writeHint } from "@backbeat/contract/surface/Surface"
import type { Hint } from "@backbeat/contract/Text"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** The surface for which the answer of the current call is written. */
export const CallerSurface = Context.Reference<Surface>("@backbeat/engine/call/CallerSurface", {
  defaultValue: () => commandLine
})

/** The sentences as that surface writes them. */
export const written = Effect.fnUntraced(function* (sentences: Hint) {
  return writeHint(sentences, yield* CallerSurface)
})
