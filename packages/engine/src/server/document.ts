/** The document that answers a call. */
import type { Flags } from "@backbeat/contract/Call"
import { exitCodes, succeeded } from "@backbeat/contract/Envelope"
import type { Frame } from "@backbeat/contract/operation/output"
import type { Surface } from "@backbeat/contract/surface/Surface"
import type { Problem } from "@backbeat/contract/Problem"
import * as Stream from "effect/Stream"

/**
 * An answer: a document (complete, or its text in parts) with the exit code of the caller, or
 * frames. `failed` is set for a problem.
 */
export type Answer =
  | {
      readonly kind: "document"
      readonly text: string | Stream.Stream<string>
      readonly exitCode: number
      readonly failed?: boolean
    }
  | {
      readonly kind: "stream"
      readonly frames: Stream.Stream<Frame, Problem>
      readonly operation: string
      readonly surface: Surface
    }

/** A value as JSON. */
export const document = (
  value: unknown,
  exitCode: number,
  { pretty }: Flags
): Extract<Answer, { readonly kind: "document" }> => ({
  kind: "document",
  text: JSON.stringify(value, null, pretty === true ? 2 : undefined),
  exitCode
})

/** A document around the JSON parts of its data. */
export const documentOf = (operation: string, parts: Stream.Stream<string>): Answer => {
  const [before = "", after = ""] = JSON.stringify(succeeded(operation, 0)).split('"data":0')
  const text = Stream.make(`${before}"data":`).pipe(
    Stream.concat(parts),
    Stream.concat(Stream.make(after))
  )
  return { kind: "document", text, exitCode: exitCodes.ok }
}
