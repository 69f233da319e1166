/** Finds free ids for new tasks, pipelines and other aggregates. */
import { hashOf } from "@backbeat/core/identity/hashOf"
import { makeTaskId } from "@backbeat/core/task/TaskId"
import { IdStore } from "@backbeat/store/IdStore"
import * as Effect from "effect/Effect"
import type { Origin } from "./Origin.ts"
import { once } from "../wiring/once.ts"

/** Depends on the request alone, so that a repeated request gets the same ids. */
const randomOf = ({ requestId }: Origin, step: number): number =>
  (hashOf(requestId) + step) % 32_768

/** Makes an id from an instant (epoch ms) and a whole number from 0 to 32767. */
type MakeId = (atMs: number, random: number) => string

/** Builds the functions that find free ids. */
export const makeFreeIds = once(
  Effect.gen(function* () {
    const ids = yield* IdStore

    /** An id for a payload without one. */
    const freeId = Effect.fnUntraced(function* (origin: Origin, index: number) {
      for (let step = index; ; step++) {
        const id = makeTaskId(origin.requestedAt, randomOf(origin, step))
        if ((yield* ids.kindOf(id)) === null) return id
      }
    })

    /** An id for another aggregate without one. */
    const freeIdOf = Effect.fnUntraced(function* (make: MakeId, origin: Origin) {
      for (let step = 0; ; step++) {
        const id = make(origin.requestedAt, randomOf(origin, step))
        if ((yield* ids.kindOf(id)) === null) return id
      }
    })

    /** Free ids for the wanted ones. A taken id gets the suffix `-2`, `-3` ... */
    const freeIds = Effect.fnUntraced(function* (wanted: ReadonlyArray<string>) {
      const found = new Set<string>()
      for (const base of wanted) {
        let id = base
        for (let suffix = 2; found.has(id) || (yield* ids.kindOf(id)) !== null; suffix++)
          id = `${base}-${suffix}`
        found.add(id)
      }
      return [...found]
    })

    return { freeId, freeIdOf, freeIds }
  })
)
