/** Commits that free what is short: they may use the room that is kept for the ends of tasks. */
import type { StoreError } from "@backbeat/store/StoreError"
import { Disk } from "@backbeat/store/Disk"
import * as Effect from "effect/Effect"
import { once } from "../wiring/once.ts"

/** How often what is kept is given up: first the reserve, then the database's log. */
const triesAtMost = 2

const isFull = (trouble: unknown): trouble is StoreError =>
  typeof trouble === "object" &&
  trouble !== null &&
  "_tag" in trouble &&
  trouble._tag === "StoreError" &&
  "reason" in trouble &&
  trouble.reason === "full"

/** Gives what tries a commit again on a full disk, once room was made; made once. */
export const makeWithRoom = once(
  Effect.map(Disk, (disk) => {
    const withRoom = <A, E, R>(commit: Effect.Effect<A, E, R>, tries = 0): Effect.Effect<A, E, R> =>
      Effect.catch(commit, (trouble) =>
        isFull(trouble) && tries < triesAtMost
          ? Effect.andThen(disk.makeRoom(tries), withRoom(commit, tries + 1))
          : Effect.fail(trouble)
      )
    return <A, E, R>(commit: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => withRoom(commit)
  })
)
