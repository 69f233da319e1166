/**
 * The stored result of a call under its request id: the parts of a start or restart, or the answer
 * of a send.
 */
import { send } from "@backbeat/contract/operation/steer"
import * as Schema from "effect/Schema"

const Part = Schema.Struct({
  id: Schema.String,
  attempt: Schema.Int,
  /** Set if the task existed and was returned unchanged. */
  found: Schema.optionalKey(
    Schema.Struct({ differs: Schema.Array(Schema.String), ended: Schema.Boolean })
  )
})

/** The result of one part of a call: an attempt of a task, or a pipeline. */
export type Part = typeof Part.Type

const Parts = Schema.Record(Schema.String, Part)

/** Null if the engine ended before it was known whether the text was delivered. */
const Answer = Schema.NullOr(send.output)

const Done = Schema.Struct({
  parts: Schema.optionalKey(Parts),
  answer: Schema.optionalKey(Answer)
})
type Done = typeof Done.Type

const Written = Schema.fromJsonString(Done)
const decode = Schema.decodeUnknownOption(Written, { onExcessProperty: "error" })
const encode = Schema.encodeSync(Written)

/** The forms of earlier versions: only parts, or only an answer. */
const decodeParts = Schema.decodeUnknownOption(Schema.fromJsonString(Parts))
const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Answer))

/** Decodes a stored result, also of earlier versions. */
export const readDone = (text: string): Done => {
  const done = decode(text)
  if (done._tag === "Some") return done.value
  const parts = decodeParts(text)
  if (parts._tag === "Some") return { parts: parts.value }
  const answer = decodeAnswer(text)
  return answer._tag === "Some" ? { answer: answer.value } : {}
}

/** Encodes a result. */
export const writeDone = (done: Done): string => encode(done)
