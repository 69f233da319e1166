/** Removal of tasks. */
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { change, creation, life, start, task } from "../task.ts"
import { ids, recordAll, sequences, upTo } from "./rig.ts"
import type { Rig } from "./rig.ts"

/** Defines these tests for the store of the rig. */
export const describeRemoval = ({ name, run }: Rig) => {
  describe(`${name}: removal`, () => {
    test("removes ended tasks with their tags and events, and nothing else", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* recordAll(store, [
            ...life("done", { spec: { tags: ["t"] } }),
            creation("live", { spec: { tags: ["t"] } }),
            ...life("kept", { spec: { tags: ["t"] } })
          ])
          expect(yield* store.remove(["live", "done", "unknown", "done"])).toEqual(["done"])
          expect(yield* store.find("done")).toBeNull()
          expect(ids((yield* store.list({ tags: ["t"] }, { limit: 9 })).tasks)).toEqual([
            "kept",
            "live"
          ])
          expect(sequences(yield* store.events({ since: 0, limit: 9 }))).toEqual([4, 5, 6, 7])
          expect(yield* store.remove([])).toEqual([])
        })
      ))

    test("removes very many tasks at once", () =>
      run((store) =>
        Effect.gen(function* () {
          const names = upTo(210).map((index) => `t${index}`)
          yield* recordAll(
            store,
            names.flatMap((id) => life(id))
          )
          expect((yield* store.remove(names)).toSorted()).toEqual(names.toSorted())
          expect((yield* store.counts).completed).toBe(0)
        })
      ))

    test("finds tasks that ended before an instant, the earliest end first", () =>
      run((store) =>
        Effect.gen(function* () {
          const stop = { type: "Stop", reason: null, signal: "SIGTERM", graceMs: 0 } as const
          yield* recordAll(store, [
            ...life("late", { endedAt: start + 30 }),
            ...life("early", { endedAt: start + 10 }),
            creation("live"),
            change(task("cancelled"), stop, start + 20)
          ])
          const ended = (
            at: number,
            statuses: ReadonlyArray<"completed" | "failed" | "cancelled">
          ) => Effect.map(store.endedBefore(at, statuses), ids)
          expect(yield* ended(start + 99, ["completed", "failed", "cancelled"])).toEqual([
            "early",
            "cancelled",
            "late"
          ])
          expect(yield* ended(start + 30, ["completed"])).toEqual(["early"])
          expect(yield* ended(start + 99, [])).toEqual([])
        })
      ))

    test("leaves the store intact", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* recordAll(store, life("a"))
          yield* store.remove(["a"])
          expect(yield* store.check).toMatchObject({ ok: true })
        })
      ))
  })
}
