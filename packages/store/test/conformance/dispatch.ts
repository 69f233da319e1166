/** Dispatch: which tasks may run, which are due, and how many slots are taken. */
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { change, creation, exit, life, start, task } from "../task.ts"
import { create, ids, recordAll } from "./rig.ts"
import type { Rig, Store } from "./rig.ts"

/** Options of a task whose batch has a limit. */
const of = (id: string, limit: number, spec = {}) => ({ spec, lineage: { batch: { id, limit } } })

/** Defines these tests for the store of the rig. */
export const describeDispatch = ({ name, run }: Rig) => {
  describe(`${name}: dispatch`, () => {
    const now = start + 1000
    const ready = (store: Store, queue = "default", limit = 99) =>
      Effect.map(store.ready({ queue, now, limit }), ids)

    test("sorts by P0, P1, P2, then by the order in which tasks were queued", () =>
      run((store) =>
        Effect.gen(function* () {
          const order = ["P2", "P1", "P0", "P1", "P0", "P2"] as const
          yield* recordAll(
            store,
            order.map((priority, index) => creation(`${priority}-${index}`, { spec: { priority } }))
          )
          expect(yield* ready(store)).toEqual(["P0-2", "P0-4", "P1-1", "P1-3", "P2-0", "P2-5"])
          expect(yield* ready(store, "default", 2)).toEqual(["P0-2", "P0-4"])
        })
      ))

    test("sorts a released task by its release, and a restarted or retried one by its return", () =>
      run((store) =>
        Effect.gen(function* () {
          const restart = { ...task("x").spec.restart, when: "on-failure" } as const
          const blocked = creation("blocked", { blocked: true })
          const retried = creation("retried", { spec: { restart } })
          yield* create(store, [
            blocked,
            retried,
            ...life("restarted"),
            creation("first"),
            creation("second")
          ])
          const opened = change(retried.task, { type: "Open" })
          const ended = change(opened.task, exit(1))
          yield* create(store, [change(blocked.task, { type: "Release" }), opened, ended])
          const completed = (yield* store.find("restarted")) ?? task("missing")
          yield* create(store, [change(completed, { type: "Restart", reason: null, spec: null })])
          yield* create(store, [change(ended.task, { type: "Retry" }), creation("last")])
          expect(yield* ready(store)).toEqual([
            "first",
            "second",
            "blocked",
            "restarted",
            "retried",
            "last"
          ])
        })
      ))

    test("returns only as many tasks of a batch as its limit allows, in all queues, and others after them", () =>
      run((store) =>
        Effect.gen(function* () {
          const made = ["a", "b", "c"].map((id) => creation(id, of("x", 2)))
          yield* create(store, [
            ...made,
            creation("other", of("x", 2, { queue: "slow" })),
            creation("y", of("y", 1)),
            creation("y2", of("y", 1)),
            creation("alone")
          ])
          expect(yield* ready(store)).toEqual(["a", "b", "y", "alone"])
          expect(yield* ready(store, "default", 1)).toEqual(["a"])
          yield* recordAll(
            store,
            made.slice(0, 2).map(({ task: its }) => change(its, { type: "Open" }))
          )
          expect([yield* store.busyOfBatch("x"), yield* store.busyOfBatch("y")]).toEqual([2, 0])
          expect([yield* ready(store), yield* ready(store, "slow")]).toEqual([["y", "alone"], []])
          const opened = (yield* store.find("a")) ?? task("missing")
          yield* recordAll(store, [change(opened, exit(0))])
          expect([yield* ready(store), yield* ready(store, "slow")]).toEqual([
            ["c", "y", "alone"],
            ["other"]
          ])
        })
      ))

    test("leaves out other queues, other statuses and tasks that are not due", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* create(store, [
            creation("later", { spec: { notBefore: now + 1 } }),
            creation("due", { spec: { notBefore: now } }),
            creation("other", { spec: { queue: "agents" } }),
            creation("blocked", { blocked: true }),
            ...life("done"),
            creation("plain")
          ])
          expect(yield* ready(store)).toEqual(["due", "plain"])
          expect(yield* ready(store, "agents")).toEqual(["other"])
          expect(yield* ready(store, "nobody's")).toEqual([])
        })
      ))

    test("lists the queues with waiting tasks and the taken slots of each queue", () =>
      run((store) =>
        Effect.gen(function* () {
          expect([yield* store.waitingQueues, yield* store.busy]).toEqual([[], {}])
          const stopping = change(running("c", "b-queue").task, {
            type: "Stop",
            reason: null,
            signal: "SIGTERM",
            graceMs: 1
          })
          yield* create(store, [
            ...["b-queue", "default", "a-queue", "default"].map((queue, index) =>
              creation(`w${index}`, { spec: { queue } })
            ),
            running("a", "default"),
            running("b", "b-queue"),
            stopping,
            ...life("d", { spec: { queue: "done" } })
          ])
          expect(yield* store.waitingQueues).toEqual(["a-queue", "b-queue", "default"])
          expect(yield* store.busy).toEqual({ "b-queue": 2, default: 1 })
        })
      ))

    test("finds the tasks that wait for a time, the earliest time first", () =>
      run((store) =>
        Effect.gen(function* () {
          expect(yield* store.awaitingTime).toEqual([])
          yield* create(store, [
            retrying("late", 700),
            retrying("soon", 300),
            creation("queued", { spec: { notBefore: start + 500 } }),
            creation("blocked", { blocked: true, spec: { notBefore: start + 1 } }),
            creation("plain")
          ])
          expect(ids(yield* store.awaitingTime)).toEqual(["soon", "queued", "late"])
        })
      ))

    test("counts every status and lists a status oldest first", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* create(store, [
            creation("b"),
            creation("a"),
            ...life("c"),
            creation("d", { blocked: true })
          ])
          expect(yield* store.counts).toEqual({
            blocked: 1,
            queued: 2,
            running: 0,
            stopping: 0,
            retrying: 0,
            completed: 1,
            failed: 0,
            cancelled: 0
          })
          expect(yield* store.liveCount).toBe(
            (yield* store.inStatus(["blocked", "queued", "running", "stopping", "retrying"])).length
          )
          expect(ids(yield* store.inStatus(["queued", "blocked"]))).toEqual(["b", "a", "d"])
          expect(yield* store.inStatus([])).toEqual([])
        })
      ))
  })
}

const running = (id: string, queue: string) =>
  change(task(id, { spec: { queue } }), { type: "Open" })

const retrying = (id: string, delayMs: number) => {
  const restart = { ...task("x").spec.restart, when: "on-failure", delayMs } as const
  return change(change(task(id, { spec: { restart } }), { type: "Open" }).task, exit(1))
}
