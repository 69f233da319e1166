/**
 * The dispatch of admitted tasks, with an implementation that offers some of them to another
 * machine.
 */
import { engine } from "@backbeat/core/history/Actor"
import { TaskStore } from "@backbeat/store/TaskStore"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Dispatch, layerEmbedded } from "../../src/queue/Dispatch.ts"
import { Transitions } from "../../src/commit/Transitions.ts"
import { createTasks, layerEngineRig } from "../EngineRig.ts"

/** Opens tasks without tags here. */
const layerTagged = (offered: Array<string>) =>
  Layer.effect(
    Dispatch,
    Effect.map(Dispatch, (embedded) => ({
      isHere: ({ spec }) => spec.tags.length === 0,
      dispatch: (tx, tasks) => {
        offered.push(...tasks.flatMap(({ id, spec }) => (spec.tags.length === 0 ? [] : [id])))
        return embedded.dispatch(
          tx,
          tasks.filter(({ spec }) => spec.tags.length === 0)
        )
      }
    }))
  ).pipe(Layer.provide(layerEmbedded))

test("a task that is offered to other engines stays queued until one of them opens it", () => {
  const offered: Array<string> = []
  return Effect.gen(function* () {
    const store = yield* TaskStore
    const { apply } = yield* Transitions
    const statusOf = (id: string) => Effect.map(store.find(id), (task) => task?.state.status)
    yield* createTasks(["here"])
    yield* createTasks(["elsewhere"], { tags: ["gpu"] })
    expect(yield* Effect.all([statusOf("here"), statusOf("elsewhere")])).toEqual([
      "running",
      "queued"
    ])
    expect(offered).toEqual(["elsewhere"])
    yield* apply("elsewhere", { type: "Open" }, engine)
    expect(yield* statusOf("elsewhere")).toBe("running")
  }).pipe(Effect.provide(layerEngineRig({ dispatch: layerTagged(offered) })), Effect.runPromise)
})
