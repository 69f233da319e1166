/** The IdStore in memory, for tests and trials. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { IdStore } from "../IdStore.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

/** The IdStore in memory. */
export const layerIdStore = Layer.effect(
  IdStore,
  Effect.map(MemoryDatabase, ({ journal, memory }) =>
    IdStore.of({
      kindOf: (id) => journal.read(() => memory.ids.get(id) ?? null),
      tasksAmong: (ids) =>
        journal.read(() => new Set(ids.filter((id) => memory.ids.get(id) === "task")))
    })
  )
)
