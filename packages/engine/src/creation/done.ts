/** What a call has done, as it is stored under its request id: parts of a start or a restart, or the answer of a send. */
import { send } from "@backbeat/contract/operation/steer"
import * as Schema from "effect/Schema"

const Part = Schema.Struct({
  id: Schema.String,
  attempt: Schema.Int,
  /** That a task was there already, and was answered as it was. */
  found: Schema.optionalKey(
    Schema.Struct({ differs: Schema.Array(Schema.String), ended: Schema.Boolean })
  )
})

/** What one part of a call has made: an attempt of a task, or the one of a pipeline. */
export type Part = typeof Part.Type

const Parts = Schema.Record(Schema.String, Part)

/** Null when the engine ended before it was known what became of the sending. */
const Answer = Schema.NullOr(send.output)

const Done = Schema.Struct({
  parts: Schema.optionalKey(Parts),
  answer: Schema.optionalKey(Answer)
})
type Done = typeof Done.Type

const Written = Schema.fromJsonString(Done)
const decode = Schema.decodeUnknownOption(Written, { onExcessProperty: "error" })
const encode = Schema.encodeSync(Written)

/** As it was written before it had one form: parts alone, or an answer alone. */
const decodeParts = Schema.decodeUnknownOption(Schema.fromJsonString(Parts))
const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Answer))

/** What is stored, also by earlier versions. */
export const readDone = (text: string): Done => {
  const done = decode(text)
  if (done._tag === "Some") return done.value
  const parts = decodeParts(text)
  if (parts._tag === "Some") return { parts: parts.value }
  const answer = decodeAnswer(text)
  return answer._tag === "Some" ? { answer: answer.value } : {}
}

/** The text to be stored. */
export const writeDone = (done: Done): string => encode(done)
