/**
 * The saved state of an agent's output reader, in the file `told` of the attempt. The next engine
 * continues from it.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { existsSync, readFileSync, renameSync, writeFileSync } from "../system/files.ts"
import { join } from "node:path"

const ReaderCheckpoint = Schema.Struct({
  /**
   * The offset in the events up to which they were read; within a line that is too long, the offset
   * in that line.
   */
  events: Schema.Int,
  /** The offset in the text where the text of later events begins. */
  text: Schema.Int,
  /** How much of a line that is too long was read; 0 at the start of a line. */
  overlongBytes: Schema.Int,
  /** The serialized state of the reader. */
  reader: Schema.String
})
export type ReaderCheckpoint = typeof ReaderCheckpoint.Type

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(ReaderCheckpoint))

const fileOf = (dir: string): string => join(dir, "told")

/** Reads the saved state; null if there is none that can be decoded. */
export const readReaderCheckpoint = (dir: string): ReaderCheckpoint | null =>
  existsSync(fileOf(dir)) ? Option.getOrNull(decode(readFileSync(fileOf(dir), "utf8"))) : null

/** Replaces the saved state atomically. Throws if the disk is full. */
export const writeReaderCheckpoint = (dir: string, checkpoint: ReaderCheckpoint): void => {
  const draft = `${fileOf(dir)}.next`
  writeFileSync(draft, JSON.stringify(checkpoint), { mode: 0o600 })
  renameSync(draft, fileOf(dir))
}
