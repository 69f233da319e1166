/** A checkpoint as callers see it: with its instant as ISO 8601. */
import { Checkpoint } from "@backbeat/core/checkpoint/Checkpoint"
import * as Schema from "effect/Schema"

/** What the last attempt of a task left. */
export const CheckpointAnswer = Schema.Struct({
  ...Checkpoint.fields,
  endedAt: Schema.NullOr(Schema.String)
})
