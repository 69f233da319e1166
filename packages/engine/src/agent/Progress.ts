/** How far an agent's output was read, and what was learned from it, kept beside it in `told`: the next engine goes on from there. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { existsSync, readFileSync, renameSync, writeFileSync } from "../system/files.ts"
import { join } from "node:path"

const Progress = Schema.Struct({
  /** The offset in the events up to which they were read; of a line that is too long, in the middle of it. */
  events: Schema.Int,
  /** The offset in the text at which that of later events begins. */
  text: Schema.Int,
  /** How much was read of the line that is too long; 0 at the start of a line. */
  overlongBytes: Schema.Int,
  /** What the reader knows. */
  reader: Schema.String
})
export type Progress = typeof Progress.Type

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Progress))

const fileOf = (dir: string): string => join(dir, "told")

/** What the last engine kept; null when it kept nothing that can be read. */
export const readProgress = (dir: string): Progress | null =>
  existsSync(fileOf(dir)) ? Option.getOrNull(decode(readFileSync(fileOf(dir), "utf8"))) : null

/** Replaces what is kept in one step. Throws when there is no place for it. */
export const writeProgress = (dir: string, progress: Progress): void => {
  const draft = `${fileOf(dir)}.next`
  writeFileSync(draft, JSON.stringify(progress), { mode: 0o600 })
  renameSync(draft, fileOf(dir))
}
