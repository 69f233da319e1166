/** The HomeStore in memory, for tests and trials. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type HomeRecord, HomeStore } from "../HomeStore.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

const key = "home"

/** The HomeStore in memory, in which no other home can be found. */
export const layerHomeStore = Layer.effect(
  HomeStore,
  Effect.map(MemoryDatabase, ({ journal }) => {
    const homes = new Map<string, HomeRecord>()
    return HomeStore.of({
      find: journal.read(() => homes.get(key) ?? null),
      write: (record) => journal.transact(Effect.sync(() => journal.put(homes, key, record))),
      idAt: () => Effect.succeed(null)
    })
  })
)
