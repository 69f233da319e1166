/**
 * Makes commits durable in the background: a commit writes the WAL, and one thread flushes it to
 * the disk for all commits so far. A killed process loses no commit; a power failure loses none
 * that was flushed.
 */
import * as Effect from "effect/Effect"
import { open } from "node:fs/promises"
import type { StoreError } from "../StoreError.ts"
import { unavailable } from "./storeErrors.ts"

/** Counts commits, and waits until all commits so far are on the disk. */
export interface Flusher {
  readonly committed: () => void
  /** Fails if the disk reports an error, because the commits may not be durable. */
  readonly flushed: Effect.Effect<void, StoreError>
}

/** A flusher of the database's write-ahead log. `sync` flushes a file to the disk. */
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
    // All callers that come during a flush share the next one.
    flushing ??= flush().finally(() => {
      flushing = null
    })
    await flushing
    return flushUntil(count)
  }

  const withStoreError = (work: Promise<void>): Effect.Effect<void, StoreError> =>
    Effect.tryPromise({
      try: () => work,
      catch: (error) => unavailable(path, error instanceof Error ? error.message : String(error))
    })

  return {
    committed: () => {
      commitCount++
    },
    flushed: Effect.suspend(() =>
      flushedCount >= commitCount ? Effect.void : withStoreError(flushUntil(commitCount))
    )
  }
}

/**
 * Flushes a file that is opened for reading, which also works on a disk that has become read-only.
 */
const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, "r")
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}
