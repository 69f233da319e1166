/** A file with an answer that is too large to show. The keys are part of the contract. */
import * as Schema from "effect/Schema"
import { optional } from "./fields.ts"

/** With `--output auto`, an answer with more bytes than this becomes an artifact. */
export const inlineMaxBytes = 20_000

/** Where the complete data is; `created_at` is ISO 8601, `size_bytes` bytes. */
export const Artifact = Schema.Struct({
  key: Schema.String,
  label: Schema.String,
  kind: Schema.String,
  absolute_path: Schema.String,
  relative_path: Schema.String,
  size_bytes: Schema.Int,
  created_at: Schema.String
})
export type Artifact = typeof Artifact.Type

const Head = Schema.Struct({ id: Schema.String, status: Schema.String })

/**
 * The answer of an operation whose data is in a file, as JSON: it is too large, or a file was
 * requested.
 */
export const ArtifactAnswer = Schema.Struct({
  kind: Schema.tag("summary+artifact"),
  summary: Schema.String,
  artifact: Artifact,
  task: optional(Head, "the task that the answer is about"),
  pipeline: optional(Head, "the pipeline that the answer is about"),
  total: optional(Schema.Int, "how many there are")
})
