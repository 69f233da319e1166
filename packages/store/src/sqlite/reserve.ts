/**
 * The disk reserve: a file that is deleted when the disk is full, so that the ends of tasks can be
 * stored.
 */
import * as Effect from "effect/Effect"
import { rm, stat, statfs, writeFile } from "node:fs/promises"

/**
 * Space for about ten ends in the write-ahead log. After them, the log is checkpointed and reused.
 */
const reservedBytes = 524_288
/** Random bytes, because a file system cannot compress them. */
const blockBytes = 65_536

const contents = (): Uint8Array => {
  const bytes = new Uint8Array(reservedBytes)
  for (let at = 0; at < reservedBytes; at += blockBytes)
    crypto.getRandomValues(bytes.subarray(at, at + blockBytes))
  return bytes
}

/** The reserve file of a database. */
export interface DiskReserve {
  /** Creates the file, unless it exists or less than twice its size is free. */
  readonly fill: Effect.Effect<void>
  /** Deletes the file, so that the next write has space. Returns false if there was no file. */
  readonly release: Effect.Effect<boolean>
}

/** The disk reserve of the database at `path`. */
export const makeReserve = (path: string): DiskReserve => {
  const file = `${path}-reserve`
  const isFilled = async (): Promise<boolean> => {
    try {
      return (await stat(file)).size === reservedBytes
    } catch {
      return false
    }
  }
  /** Whether enough space is free: the reserve must not fill the disk for other programs. */
  const hasSpace = async (): Promise<boolean> => {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize >= 2 * reservedBytes
  }
  const fill = async (): Promise<void> => {
    if ((await isFilled()) || !(await hasSpace())) return
    try {
      await writeFile(file, contents(), { mode: 0o600 })
    } catch {
      await rm(file, { force: true })
    }
  }
  return {
    fill: Effect.ignore(Effect.tryPromise(fill)),
    release: Effect.orElseSucceed(
      Effect.as(
        Effect.tryPromise(() => rm(file)),
        true
      ),
      () => false
    )
  }
}
