/** The history of events. */
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { creation, life } from "../task.ts"
import { recordAll, sequences, upTo } from "./rig.ts"
import type { Rig, Store } from "./rig.ts"

/** Defines these tests for the store of the rig. */
export const describeHistory = ({ name, run }: Rig) => {
  describe(`${name}: the history`, () => {
    test("is read from a sequence on, by task, type and tag, in pages", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* recordAll(store, [
            ...life("a", { spec: { tags: ["x"] } }),
            ...life("b", { spec: { tags: ["y"] } }),
            ...life("c", { spec: { tags: ["x", "y"] } })
          ])
          const read = (filter: Partial<Parameters<Store["events"]>[0]>) =>
            Effect.map(store.events({ since: 0, limit: 99, ...filter }), sequences)
          expect(yield* read({})).toEqual(upTo(9))
          expect(yield* read({ since: 4, limit: 3 })).toEqual([5, 6, 7])
          expect(yield* read({ taskIds: ["c", "a"] })).toEqual([1, 2, 3, 7, 8, 9])
          expect(yield* read({ taskIds: [] })).toEqual([])
          expect(yield* read({ types: ["task.started", "task.completed"], since: 2 })).toEqual([
            3, 5, 6, 8, 9
          ])
          expect(yield* read({ tag: "x", since: 1 })).toEqual([2, 3, 7, 8, 9])
          expect(yield* read({ tag: "y", types: ["task.created"], taskIds: ["c"] })).toEqual([7])
          expect(yield* read({ since: 9 })).toEqual([])
        })
      ))

    test("is complete for a tag of very many tasks", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* recordAll(
            store,
            upTo(600).map((index) =>
              creation(`t${index}`, { spec: { tags: index > 5 ? ["most"] : [] } })
            )
          )
          expect(sequences(yield* store.events({ since: 2, tag: "most", limit: 4 }))).toEqual([
            6, 7, 8, 9
          ])
        })
      ))

    test("never decreases its sequence, also when everything was removed", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* recordAll(store, life("a"))
          expect(yield* store.remove(["a"])).toEqual(["a"])
          expect([yield* store.lastSequence, yield* store.events({ since: 0, limit: 9 })]).toEqual([
            3,
            []
          ])
          const [next] = yield* recordAll(store, [creation("a")])
          expect([next?.sequence, yield* store.lastSequence]).toEqual([4, 4])
        })
      ))
  })
}
