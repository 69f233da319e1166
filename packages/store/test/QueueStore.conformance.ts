/** The conformance suite of QueueStores. Each implementation runs it. */
import { wholeStore, type WholeStore } from "./wholeStore.ts"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { QueueStore } from "@backbeat/store/QueueStore"
import type { StoreError } from "@backbeat/store/StoreError"
import type { Stores } from "@backbeat/store/Stores"
import { change, creation, exit, life, start } from "./task.ts"
import { create } from "./conformance/rig.ts"

type Body<A, E> = (queues: QueueStore["Service"], store: WholeStore) => Effect.Effect<A, E>

/** Defines the suite for the stores of `layer` in a scratch folder. */
export const describeQueueStore = (
  name: string,
  layer: (folder: string) => Layer.Layer<Stores, StoreError>
) => {
  let folder = ""
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "queue-store-"))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const run = <A, E>(body: Body<A, E>): Promise<A> =>
    Effect.runPromise(
      Effect.provide(
        Effect.flatMap(Effect.all([QueueStore, wholeStore]), ([queues, store]) =>
          body(queues, store)
        ),
        layer(folder)
      )
    )
  describePauses(name, run)
  describeCounts(name, run)
}

type Run = <A, E>(body: Body<A, E>) => Promise<A>

const by = (pid: number) => ({ kind: "caller", client: "cli", pid }) as const
const pause = { at: start, actor: by(7), reason: "deploy" }

const describePauses = (name: string, run: Run) => {
  describe(`${name}: a pause`, () => {
    test("is stored with its time, its actor and its reason until it ends", () =>
      run((queues) =>
        Effect.gen(function* () {
          expect(yield* queues.paused).toEqual(new Map())
          yield* queues.pause("builds", pause)
          yield* queues.pause("agents", {
            at: start + 0.5,
            actor: { kind: "engine" },
            reason: null
          })
          expect([...(yield* queues.paused)]).toEqual([
            ["agents", { at: start + 0.5, actor: { kind: "engine" }, reason: null }],
            ["builds", pause]
          ])
          yield* queues.resume("builds")
          yield* queues.resume("never-paused")
          expect([...(yield* queues.paused).keys()]).toEqual(["agents"])
        })
      ))

    test("is unchanged by another pause, and a new one after its end", () =>
      run((queues) =>
        Effect.gen(function* () {
          const again = { at: start + 5, actor: by(8), reason: null }
          yield* queues.pause("builds", pause)
          yield* queues.pause("builds", again)
          expect((yield* queues.paused).get("builds")).toEqual(pause)
          yield* queues.resume("builds")
          yield* queues.pause("builds", again)
          expect((yield* queues.paused).get("builds")).toEqual(again)
        })
      ))

    test("accepts any name of a queue", () =>
      run((queues) =>
        Effect.gen(function* () {
          const names = ["constructor", "a.b:c-d_e", "toString"]
          yield* Effect.forEach(names, (queue) => queues.pause(queue, pause))
          expect([...(yield* queues.paused).keys()].toSorted()).toEqual(names.toSorted())
        })
      ))

    test("is part of the transaction: rolled back with it, or alone", () =>
      run((queues, store) =>
        Effect.gen(function* () {
          yield* queues.pause("kept", pause)
          const both = Effect.andThen(
            store.record([creation("a")]),
            Effect.andThen(queues.pause("lost", pause), queues.resume("kept"))
          )
          yield* Effect.exit(store.transact(Effect.andThen(both, Effect.fail("no"))))
          expect([yield* store.find("a"), [...(yield* queues.paused).keys()]]).toEqual([
            null,
            ["kept"]
          ])
          yield* store.transact(
            Effect.gen(function* () {
              yield* Effect.exit(
                store.transact(Effect.andThen(queues.pause("inner", pause), Effect.fail("no")))
              )
              yield* queues.pause("outer", pause)
              expect([...(yield* queues.paused).keys()]).toEqual(["kept", "outer"])
            })
          )
          expect([...(yield* queues.paused).keys()]).toEqual(["kept", "outer"])
        })
      ))
  })
}

const describeCounts = (name: string, run: Run) => {
  describe(`${name}: queues as a whole`, () => {
    test("are counted by the status of their live tasks", () =>
      run((queues, store) =>
        Effect.gen(function* () {
          expect(yield* queues.counts).toEqual([])
          const failing = creation("r", {
            spec: {
              queue: "b",
              restart: { ...creation("x").task.spec.restart, when: "on-failure" }
            }
          })
          const opened = change(failing.task, { type: "Open" })
          yield* create(store, [
            creation("q1", { spec: { queue: "b" } }),
            creation("q2", { spec: { queue: "b", notBefore: start + 9 } }),
            creation("blocked", { blocked: true }),
            failing,
            opened,
            change(opened.task, exit(1)),
            ...life("done", { spec: { queue: "gone" } }),
            ...life("live", { spec: { queue: "constructor" } }).slice(0, 2)
          ])
          expect(yield* queues.counts).toEqual([
            { queue: "b", status: "queued", count: 2 },
            { queue: "b", status: "retrying", count: 1 },
            { queue: "constructor", status: "running", count: 1 },
            { queue: "default", status: "blocked", count: 1 }
          ])
        })
      ))

    test("know for each waiting task how many are ahead of it", () =>
      run((queues, store) =>
        Effect.gen(function* () {
          const now = start + 1000
          yield* create(store, [
            creation("p2", { spec: { priority: "P2" } }),
            creation("one"),
            creation("two"),
            creation("later", { spec: { notBefore: now + 1 } }),
            creation("three"),
            creation("p0", { spec: { priority: "P0" } }),
            creation("elsewhere", { spec: { queue: "other" } }),
            ...life("running").slice(0, 2)
          ])
          const ahead = (id: string) => queues.ahead(id, now)
          const order = (yield* store.ready({ queue: "default", now, limit: 99 })).map(
            ({ id }) => id
          )
          expect(order).toEqual(["p0", "one", "two", "three", "p2"])
          expect(yield* Effect.forEach(order, ahead)).toEqual([0, 1, 2, 3, 4])
          expect(yield* Effect.forEach(["elsewhere", "later", "running", "nobody"], ahead)).toEqual(
            [0, 3, 0, 0]
          )
        })
      ))
  })
}
