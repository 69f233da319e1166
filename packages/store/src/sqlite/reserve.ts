/** Keeps room on the disk for what must be stored on a full one, the ends of tasks: a file that can be given up. */
import * as Effect from "effect/Effect"
import { rm, stat, statfs, writeFile } from "node:fs/promises"

/** Room for about ten ends in the write-ahead log; behind them it is checkpointed and used again. */
const reservedBytes = 524_288
/** What cannot be compressed takes the room that it is meant to take. */
const blockBytes = 65_536

const contents = (): Uint8Array => {
  const bytes = new Uint8Array(reservedBytes)
  for (let at = 0; at < reservedBytes; at += blockBytes)
    crypto.getRandomValues(bytes.subarray(at, at + blockBytes))
  return bytes
}

/** The reserve beside a database. */
export interface Reserve {
  /** Takes the room, unless it is taken or there is not twice as much. */
  readonly keep: Effect.Effect<void>
  /** Leaves the room to whoever writes next; false when none was kept. */
  readonly giveUp: Effect.Effect<boolean>
}

/** The reserve of the database at `path`. */
export const makeReserve = (path: string): Reserve => {
  const file = `${path}-reserve`
  const isKept = async (): Promise<boolean> => {
    try {
      return (await stat(file)).size === reservedBytes
    } catch {
      return false
    }
  }
  /** Taking the last of it would fill the disk for everybody. */
  const hasRoom = async (): Promise<boolean> => {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize >= 2 * reservedBytes
  }
  const keep = async (): Promise<void> => {
    if ((await isKept()) || !(await hasRoom())) return
    try {
      await writeFile(file, contents(), { mode: 0o600 })
    } catch {
      await rm(file, { force: true })
    }
  }
  return {
    keep: Effect.ignore(Effect.tryPromise(keep)),
    giveUp: Effect.orElseSucceed(
      Effect.as(
        Effect.tryPromise(() => rm(file)),
        true
      ),
      () => false
    )
  }
}
