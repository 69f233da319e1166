/**
 * Makes commits durable beside the engine's work: a commit writes the WAL, and one thread forces it to the disk, for all
 * commits that were made until then. A killed process loses nothing of either; a power failure nothing that was flushed.
 */
import * as Effect from "effect/Effect"
import { open } from "node:fs/promises"
import type { StoreError } from "../StoreError.ts"
import { unavailable } from "./explain.ts"

/** Counts commits, and waits until those made so far are on the disk. */
export interface Flusher {
  readonly committed: () => void
  /** Fails when the disk refuses: what was told to be kept would not be. */
  readonly flushed: Effect.Effect<void, StoreError>
}

/** A flusher of the database's write-ahead log. `sync` forces a file to the disk. */
export const makeFlusher = (path: string, sync = syncFile): Flusher => {
  let commitCount = 0
  let flushedCount = 0
  let flushing: Promise<void> | null = null

  const flush = async (): Promise<void> => {
    const until = commitCount
    await sync(`${path}-wal`)
    flushedCount = Math.max(flushedCount, until)
  }

  const flushUntil = async (count: number): Promise<void> => {
    if (flushedCount >= count) return
    // Whoever comes while one flush is under way shares the next one.
    flushing ??= flush().finally(() => {
      flushing = null
    })
    await flushing
    return flushUntil(count)
  }

  const refusable = (work: Promise<void>): Effect.Effect<void, StoreError> =>
    Effect.tryPromise({
      try: () => work,
      catch: (refusal) =>
        unavailable(path, refusal instanceof Error ? refusal.message : String(refusal))
    })

  return {
    committed: () => {
      commitCount++
    },
    flushed: Effect.suspend(() =>
      flushedCount >= commitCount ? Effect.void : refusable(flushUntil(commitCount))
    )
  }
}

/** A file that is open for reading is forced to the disk as well, also on a disk that has become read-only. */
const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, "r")
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}
