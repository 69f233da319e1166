/** The RequestStore in memory, for tests and trials. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { RequestStore } from "../RequestStore.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

interface StoredRequest {
  readonly at: number
  readonly done: string
}

/** The RequestStore in memory. */
export const layerRequestStore = Layer.effect(
  RequestStore,
  Effect.map(MemoryDatabase, ({ journal }) => {
    const requests = new Map<string, StoredRequest>()
    return RequestStore.of({
      note: (id, at, done) =>
        journal.transact(
          Effect.sync(() => journal.put(requests, id, { at: requests.get(id)?.at ?? at, done }))
        ),
      find: (id) => journal.read(() => requests.get(id)?.done ?? null),
      forget: (before) =>
        journal.transact(
          Effect.sync(() => {
            for (const [id, { at }] of requests)
              if (at < before) journal.put(requests, id, undefined)
          })
        )
    })
  })
)
