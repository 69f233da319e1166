/** A file that holds an answer which is too large to be shown. The keys are part of the contract as written. */
import * as Schema from "effect/Schema"

/** Where the full data is; `created_at` is ISO 8601, `size_bytes` bytes. */
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

/** The answer of an operation whose data is too large to be shown, or was asked for as a file: the file holds it as JSON. */
export const ArtifactAnswer = Schema.Struct({
  kind: Schema.tag("summary+artifact"),
  summary: Schema.String,
  artifact: Artifact
})
