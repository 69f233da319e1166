/**
 * A folder for a database whose space a test can use up: a small file system, or a quota if none
 * can be mounted.
 */
import * as Effect from "effect/Effect"
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { SqlError } from "effect/sql/SqlError"
import { SqlDatabase } from "@backbeat/store/sql/SqlDatabase"

/** Uses up the space, and frees it again. */
export interface SmallDisk {
  readonly path: string
  readonly fill: Effect.Effect<void, SqlError, SqlDatabase>
  readonly free: Effect.Effect<void, SqlError, SqlDatabase>
  readonly remove: () => void
}

/** A disk in the folder. */
export const smallDisk = (folder: string): SmallDisk => mounted(folder) ?? quota(folder)

/** A quota on the pages of the database. */
export const quota = (folder: string): SmallDisk => ({
  path: join(folder, "backbeat.db"),
  fill: limit("1"),
  free: limit("1000000"),
  remove: () => undefined
})

/** SQLite uses the current number of pages if the limit is lower. */
const limit = (pages: string): Effect.Effect<void, SqlError, SqlDatabase> =>
  Effect.flatMap(SqlDatabase, ({ sql }) =>
    Effect.asVoid(sql`PRAGMA max_page_count = ${sql.literal(pages)}`)
  )

const mounted = (folder: string): SmallDisk | null => {
  const point = join(folder, "disk")
  mkdirSync(point)
  const mount = Bun.which("mount")
  if (
    mount === null ||
    !Bun.spawnSync([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", point]).success
  )
    return null
  const filler = join(point, "filler")
  return {
    path: join(point, "backbeat.db"),
    fill: Effect.sync(() => writeToTheEnd(filler)),
    free: Effect.sync(() => rmSync(filler)),
    remove: () => {
      Bun.spawnSync(["umount", point])
    }
  }
}

const writeToTheEnd = (path: string): void => {
  const file = openSync(path, "w")
  const block = new Uint8Array(4096)
  try {
    while (writeSync(file, block) === block.length);
  } catch {
    // The disk is full.
  } finally {
    closeSync(file)
  }
}
