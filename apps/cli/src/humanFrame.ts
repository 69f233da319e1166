/** Formats a frame of a stream as a line for people. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const Frame = Schema.Struct({
  type: Schema.String,
  taskId: Schema.optionalKey(Schema.String),
  pipelineId: Schema.optionalKey(Schema.String),
  timestamp: Schema.String,
  data: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Frame))

/**
 * An output line: alone in a stream of lines, otherwise after its task. An event: with its time in
 * the zone of this process. Other lines are unchanged.
 */
export const humanFrame = (isOfLines: boolean, line: string): string =>
  Option.match(decode(line), {
    onNone: () => line,
    onSome: ({ type, taskId, pipelineId, timestamp, data }) => {
      const text = data?.["text"]
      const id = taskId ?? pipelineId ?? ""
      if (typeof text === "string") return isOfLines ? text : `${id} | ${text}`
      return `${new Date(timestamp).toTimeString().slice(0, 8)}  ${id}  ${type}`
    }
  })
