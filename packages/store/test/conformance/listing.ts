/** Lists of tasks: filters and pages. */
import { workKey } from "@backbeat/core/task/workKey"
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import type { Task } from "@backbeat/core/task/Task"
import type { TaskFilter } from "@backbeat/store/TaskStore"
import { change, creation, life, start, task } from "../task.ts"
import { create, ids, upTo } from "./rig.ts"
import type { Rig } from "./rig.ts"

const working = (id: string, script: string, timeout: number | null) =>
  creation(id, { spec: { work: { kind: "script", script }, timeout } })

/** Defines these tests for the store of the rig. */
export const describeListing = ({ name, run }: Rig) => {
  describe(`${name}: a list`, () => {
    test("finds the tasks that do the same work", () =>
      run((store) =>
        Effect.gen(function* () {
          const first = working("a", "make", null)
          yield* create(store, [first, working("b", "make", 5), working("c", "make all", null)])
          const { tasks, total } = yield* store.list(
            { workKey: workKey(first.task.spec) },
            { limit: 9 }
          )
          expect([total, ids(tasks)]).toEqual([2, ["b", "a"]])
        })
      ))

    test("finds the tasks that an aggregate created, and leaves out hidden ones when asked to", () =>
      run((store) =>
        Effect.gen(function* () {
          const source = { kind: "loop", id: "l" } as const
          yield* create(store, [
            creation("l.1", { lineage: { source } }),
            creation("l.1.eval", { lineage: { source: { ...source, hidden: true } } }),
            creation("m.1", { lineage: { source: { kind: "loop", id: "m" } } }),
            creation("x")
          ])
          const found = (filter: TaskFilter) =>
            Effect.map(store.list(filter, { limit: 9 }), ({ tasks, total }) => [total, ids(tasks)])
          expect(yield* found({ source })).toEqual([2, ["l.1.eval", "l.1"]])
          expect(yield* found({ source: { kind: "note", id: "l" } })).toEqual([0, []])
          expect(yield* found({ hidden: false })).toEqual([3, ["x", "m.1", "l.1"]])
          expect(yield* found({ hidden: true })).toEqual([1, ["l.1.eval"]])
          const events = yield* store.events({ since: 0, source, limit: 9 })
          expect(events.map(({ id }) => id)).toEqual(["l.1", "l.1.eval"])
        })
      ))

    test("has the newest task first, and no cursor on its last page", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* create(
            store,
            upTo(5).map((index) => creation(`t${index}`))
          )
          expect(yield* store.list({}, { limit: 5 })).toMatchObject({ total: 5, next: null })
          const first = yield* store.list({}, { limit: 3 })
          expect(ids(first.tasks)).toEqual(["t5", "t4", "t3"])
          const second = yield* store.list({}, { limit: 3, after: first.next ?? "" })
          expect(ids(second.tasks)).toEqual(["t2", "t1"])
          expect(second).toMatchObject({ total: 5, next: null })
        })
      ))

    test("shows each task once, whatever is added, changed or removed between its pages", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* create(
            store,
            upTo(7).map((index) => creation(`t${index}`))
          )
          const first = yield* store.list({}, { limit: 3 })
          yield* create(store, [
            creation("added"),
            change(task("t3"), { type: "Open" }),
            ...life("t2").slice(1)
          ])
          yield* store.remove(["t2"])
          const second = yield* store.list({}, { limit: 3, after: first.next ?? "" })
          expect(ids(first.tasks)).toEqual(["t7", "t6", "t5"])
          expect(ids(second.tasks)).toEqual(["t4", "t3", "t1"])
          expect(second.next).toBeNull()
        })
      ))

    test("of an empty store is empty", () =>
      run((store) =>
        Effect.gen(function* () {
          expect(yield* store.list({}, { limit: 3 })).toEqual({ total: 0, tasks: [], next: null })
        })
      ))

    test("after an invalid cursor is empty", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* create(store, [creation("a")])
          for (const after of ["", "x", "1; --", "-1", "99999999999999999999"]) {
            expect((yield* store.list({}, { limit: 3, after })).tasks).toEqual([])
          }
        })
      ))

    test("has the tasks that match all filters, with the right total on every page", () =>
      run((store) =>
        Effect.gen(function* () {
          const all = upTo(48).map((index) => {
            const [created, opened, completed] = life(`t${index}`, {
              at: start + index,
              spec: {
                tags: [`mod2-${index % 2}`, `mod3-${index % 3}`, "all"],
                queue: index % 4 === 0 ? "agents" : "default",
                work: index % 5 === 0 ? { kind: "script", script: "true" } : task("x").spec.work
              },
              owner: { sessionId: index % 7 === 0 ? null : `s${index % 2}` }
            })
            return [created, opened, completed]
              .slice(0, (index % 3) + 1)
              .filter((step) => step !== undefined)
          })
          yield* create(store, all.flat())
          const last = all.flatMap((steps) => steps.at(-1)?.task ?? []).toReversed()
          for (const filter of filters) {
            const expected = last.filter((one) => isMatch(one, filter))
            const pages: Array<string> = []
            let after: string | undefined
            do {
              const page = yield* store.list(filter, { limit: 5, after })
              expect(page.total).toBe(expected.length)
              pages.push(...ids(page.tasks))
              after = page.next ?? undefined
            } while (after !== undefined)
            expect([filter, pages]).toEqual([filter, ids(expected)])
          }
        })
      ))
  })
}

const filters: ReadonlyArray<TaskFilter> = [
  {},
  { ids: [] },
  { ids: ["t3", "t40", "none"] },
  {
    ids: upTo(40).map((index) => `t${index}`),
    status: ["queued"],
    queue: "agents",
    since: start + 4
  },
  { status: [] },
  { status: ["running"] },
  { status: ["completed", "queued"] },
  { queue: "agents" },
  { queue: "" },
  { queue: "agents", status: ["running"] },
  { sessionId: "s1" },
  { sessionId: "s1", status: ["running", "queued"], kind: "script" },
  { kind: "script" },
  { kind: "script", status: ["queued"] },
  { kind: "agent" },
  { since: start + 40 },
  { since: 0 },
  { since: start + 10, queue: "agents", kind: "command" },
  { tags: [] },
  { tags: ["all"] },
  { tags: ["all", "mod2-1"] },
  { tags: ["mod2-1", "mod3-0", "mod2-1"] },
  { tags: ["mod2-1", "mod2-0"] },
  { tags: ["none"] },
  { tags: ["mod3-1"], status: ["completed", "running"] },
  { tags: ["mod3-1", "all"], queue: "agents", sessionId: "s0", kind: "command", since: start + 2 },
  { tags: ["all"], ids: ["t1", "t2"] }
]

const isMatch = (one: Task, filter: TaskFilter): boolean => {
  const { ids: wanted = [one.id], status = [one.state.status], tags = [], since = 0 } = filter
  const {
    queue = one.spec.queue,
    kind = one.spec.work.kind,
    sessionId = one.owner.sessionId
  } = filter
  return (
    wanted.includes(one.id) &&
    status.includes(one.state.status) &&
    tags.every((tag) => one.spec.tags.includes(tag)) &&
    one.createdAt >= since &&
    [queue, kind, sessionId].join("|") ===
      [one.spec.queue, one.spec.work.kind, one.owner.sessionId].join("|")
  )
}
