/** A stream of the events of many tasks, on stores in memory. */
import { engine } from "@backbeat/core/history/Actor"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { makeEventsHandler } from "../../src/handlers/events.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { createTasks, layerEngineRig } from "../EngineRig.ts"

let finds = 0

/** A store that counts the look-ups of single tasks. */
const layerCounting = Layer.provideMerge(
  Layer.effect(
    TaskStore,
    Effect.map(TaskStore, (store) =>
      TaskStore.of({
        ...store,
        find: (id) => {
          finds++
          return store.find(id)
        }
      })
    )
  ),
  layerMemory
)

const call = {
  caller: {
    client: "test",
    version: "0.0.0",
    cwd: "/",
    pid: 1,
    requestId: "r",
    requestedAt: 0
  },
  flags: {}
}

test("a stream of events does not look up all its tasks again for each page", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    const { stream } = yield* makeEventsHandler
    const ids = Array.from({ length: 200 }, (_, index) => `t${index}`)
    yield* createTasks(ids)
    const frames = yield* stream({ ids, follow: true, types: ["task.completed"] }, call)
    const begun = finds
    const seen: Array<string> = []
    const end = (id: string) =>
      Effect.ignore(
        transitions.apply(
          id,
          {
            type: "End",
            end: { outcome: { kind: "exited", exitCode: 0 }, endedAt: 1, cpuMs: null }
          },
          engine
        )
      )
    // Each frame causes the next change, each in its own page, until all tasks have ended.
    yield* end("t0")
    yield* Stream.runForEach(
      Stream.filter(frames, ({ type }) => type === "task.completed"),
      () => {
        seen.push("one")
        return seen.length < ids.length ? end(`t${seen.length}`) : Effect.void
      }
    )
    expect(seen).toHaveLength(ids.length)
    // Each end looks up its own task, and nothing else is looked up.
    expect(finds - begun).toBeLessThan(4 * ids.length)
  }).pipe(Effect.provide(layerEngineRig({ stores: layerCounting })), Effect.runPromise))
