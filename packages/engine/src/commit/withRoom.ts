/**
 * Commits that free something, such as disk space. On a full disk they may use the space that is
 * reserved for the ends of tasks.
 */
import type { StoreError } from "@backbeat/store/StoreError"
import { Disk } from "@backbeat/store/Disk"
import * as Effect from "effect/Effect"
import { once } from "../wiring/once.ts"

/** How many times space is freed: first the reserve, then the write-ahead log. */
const maxTries = 2

const isFull = (error: unknown): error is StoreError =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  error._tag === "StoreError" &&
  "reason" in error &&
  error.reason === "full"

/** Builds a function that retries a commit on a full disk after freeing space. */
export const makeWithRoom = once(
  Effect.map(Disk, (disk) => {
    const withRoom = <A, E, R>(commit: Effect.Effect<A, E, R>, tries = 0): Effect.Effect<A, E, R> =>
      Effect.catch(commit, (error) =>
        isFull(error) && tries < maxTries
          ? Effect.andThen(disk.freeSpace(tries), withRoom(commit, tries + 1))
          : Effect.fail(error)
      )
    return <A, E, R>(commit: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => withRoom(commit)
  })
)
