/**
 * The answer to an array of payloads: whether each was accepted, and if the call waited, how they
 * ended.
 */
import { TaskStatus } from "@backbeat/core/task/TaskState"
import { PipelineStatus } from "@backbeat/core/pipeline/Pipeline"
import * as Schema from "effect/Schema"
import { Artifact } from "./Artifact.ts"
import { ends, Outcome } from "./Ends.ts"
import { optional } from "./fields.ts"

const Accepted = Schema.StructWithRest(
  Schema.Struct({
    index: Schema.Int,
    ok: Schema.Literal(true),
    id: Schema.String,
    status: Schema.Union([TaskStatus, PipelineStatus]),
    timedOut: optional(Schema.Boolean, "true if the wait timed out first; the task continues")
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)

const Refused = Schema.Struct({
  index: Schema.Int,
  ok: Schema.Literal(false),
  error: Schema.Unknown
})
const Whole = Schema.Struct({
  index: Schema.Int,
  ok: Schema.Literal(true),
  id: Schema.String,
  status: Schema.String,
  data: Schema.Unknown
})

/** `successCount` and `errorCount` always count accepted and rejected items. */
export const BatchAnswer = Schema.Struct({
  outcome: Outcome.annotate({
    description: "whether the items were accepted; if the call waited, how they ended"
  }),
  total: Schema.Int,
  successCount: Schema.Int,
  errorCount: Schema.Int,
  counts: optional(ends.counts, "if the call waited: how many are in each status"),
  failures: ends.failures,
  left: optional(
    Schema.Array(Schema.Unknown),
    "of stop: the processes that are left, of all of them; empty when nothing is"
  ),
  results: optional(
    Schema.Array(Schema.Union([Refused, Whole, Accepted])),
    "one for each payload, in their order, with data if its payload has full; with --wait only rejected items and tasks that have not ended"
  ),
  kind: Schema.optionalKey(Schema.tag("summary+artifact")),
  summary: Schema.optionalKey(Schema.String),
  artifact: optional(Artifact, "the file with all results, if they are too large to print")
})
export type BatchAnswer = typeof BatchAnswer.Type
