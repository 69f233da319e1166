/**
 * The id of a pipeline: given by the caller, or generated and sortable by time. The ids of its
 * tasks begin with it.
 */
import * as Schema from "effect/Schema"
import { sortableCharacters } from "../identity/sortableCharacters.ts"

/** The id of a stored pipeline. */
export const PipelineId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,123}$/u, {
    message: "expected 1 to 124 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
  })
)

/** The id of a new pipeline. It is shorter, so that `<id>.<key>-2` still fits into a task id. */
export const NewPipelineId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,93}$/u, {
    message: "expected 1 to 94 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
  })
)

/** The name of a task inside its pipeline. Its id is `<pipeline id>.<key>`. */
export const TaskKey = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,30}$/u, {
    message: "expected 1 to 31 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
  })
)

/** The most tasks of a pipeline. */
export const taskMaxCount = 500

/** The most steps of a chain, which are tasks that run one after the other. */
export const stepMaxCount = 20

/**
 * Generates `pipeline-` and 12 characters that sort by time. `random` is a whole number from 0 to
 * 32767.
 */
export const makePipelineId = (atMs: number, random: number): string =>
  `pipeline-${sortableCharacters(atMs, random)}`
