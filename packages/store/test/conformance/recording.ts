/** Recording: tasks and events are read as they were written. */
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { change, creation, exit, life, start, task } from "../task.ts"
import { ids, recordAll, sequences, upTo } from "./rig.ts"
import type { Rig } from "./rig.ts"

/** Defines these tests for the store of the rig. */
export const describeRecording = ({ name, run }: Rig) => {
  describe(`${name}: recording`, () => {
    test("keeps each task unchanged, in every status", () =>
      run((store) =>
        Effect.gen(function* () {
          const [, running, completed] = life("life", {
            owner: { sessionId: "s", taskId: "parent", depth: 2 }
          })
          const restartable = task("retrying", {
            spec: { restart: { ...task("x").spec.restart, when: "on-failure" } }
          })
          const begun = change(restartable, { type: "Open" }).task
          const all = [
            creation("queued", { spec: { notBefore: start + 5.5 } }).task,
            creation("blocked", { blocked: true }).task,
            running?.task,
            change(begun, { type: "Stop", reason: "enough", signal: "SIGINT", graceMs: 10 }).task,
            change(begun, exit(3)).task,
            completed?.task,
            change(change(task("failed"), { type: "Open" }).task, exit(1)).task,
            change(task("cancelled"), { type: "Stop", reason: null, signal: "SIGTERM", graceMs: 0 })
              .task
          ].flatMap((one, index) => (one === undefined ? [] : [{ ...one, id: `t${index}` }]))
          expect(new Set(all.map(({ state }) => state.status)).size).toBe(8)
          yield* recordAll(
            store,
            all.map((one) => ({ ...creation(one.id), task: one }))
          )
          for (const one of all) expect(yield* store.find(one.id)).toEqual(one)
        })
      ))

    test("returns the events as the history has them", () =>
      run((store) =>
        Effect.gen(function* () {
          const recorded = yield* recordAll(store, life("a"))
          expect(recorded.map(({ event }) => event.type)).toEqual([
            "task.created",
            "task.started",
            "task.completed"
          ])
          expect(yield* store.events({ since: 0, limit: 9 })).toEqual(recorded)
        })
      ))

    test("without changes does nothing", () =>
      run((store) =>
        Effect.gen(function* () {
          expect(yield* store.record([])).toEqual([])
          expect(yield* store.lastSequence).toBe(0)
        })
      ))

    test("outside of a transaction is its own transaction", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* store.record([creation("a"), creation("b")])
          expect((yield* store.list({}, { limit: 9 })).total).toBe(2)
        })
      ))

    test("accepts many changes at once", () =>
      run((store) =>
        Effect.gen(function* () {
          const many = upTo(333).flatMap((index) =>
            life(`t${index}`, { spec: { tags: ["all", `n${index}`] } })
          )
          const recorded = yield* recordAll(store, many)
          expect(sequences(recorded)).toEqual(upTo(999))
          expect((yield* store.list({ tags: ["all"] }, { limit: 1 })).total).toBe(333)
          expect(ids((yield* store.list({ tags: ["all", "n77"] }, { limit: 9 })).tasks)).toEqual([
            "t77"
          ])
          expect((yield* store.counts).completed).toBe(333)
          expect(yield* store.events({ since: 0, limit: 9999 })).toEqual(recorded)
        })
      ))

    test("inserts and updates a task without an event", () =>
      run((store) =>
        Effect.gen(function* () {
          yield* recordAll(store, [{ ...creation("a", { spec: { tags: ["one"] } }), events: [] }])
          expect(yield* store.find("a")).toEqual(task("a", { spec: { tags: ["one"] } }))
          expect((yield* store.list({ tags: ["one"] }, { limit: 9 })).total).toBe(1)
          const opened = change(task("a", { spec: { tags: ["one"] } }), { type: "Open" })
          yield* recordAll(store, [opened])
          expect(yield* store.find("a")).toEqual(opened.task)
        })
      ))

    test("replaces the tags when the specification changes", () =>
      run((store) =>
        Effect.gen(function* () {
          const [created, opened, completed] = life("a", {
            spec: { tags: ["old", "both", "both"] }
          })
          if (created === undefined || opened === undefined || completed === undefined)
            throw new Error("no life")
          yield* recordAll(store, [created, opened, completed])
          const changed = { ...completed.task.spec, tags: ["both", "fresh"], queue: "other" }
          const restarted = change(completed.task, { type: "Restart", reason: null, spec: changed })
          yield* recordAll(store, [restarted])
          expect(yield* store.find("a")).toEqual(restarted.task)
          for (const [tag, total] of [
            ["old", 0],
            ["both", 1],
            ["fresh", 1]
          ] as const) {
            expect((yield* store.list({ tags: [tag] }, { limit: 9 })).total).toBe(total)
          }
          expect(yield* store.waitingQueues).toEqual(["other"])
        })
      ))

    test("keeps every character", () =>
      run((store) =>
        Effect.gen(function* () {
          const odd = [
            "né 日本語 🥁",
            "'; DROP TABLE tasks; --",
            '\u0000\u0001\n\t"\\',
            "half \ud83e pair",
            "",
            "%_?$1"
          ]
          yield* recordAll(
            store,
            odd.map((text, index) =>
              creation(`t${index}`, {
                spec: {
                  name: text,
                  cwd: text,
                  work: { kind: "command", command: text, args: odd },
                  tags: [text]
                },
                owner: { sessionId: text }
              })
            )
          )
          for (const [index, text] of odd.entries()) {
            const found = yield* store.find(`t${index}`)
            expect(found?.spec.name).toBe(text)
            expect(found?.spec.work).toEqual({ kind: "command", command: text, args: odd })
            expect(ids((yield* store.list({ sessionId: text }, { limit: 9 })).tasks)).toEqual([
              `t${index}`
            ])
            expect(ids((yield* store.list({ tags: [text] }, { limit: 9 })).tasks)).toEqual([
              `t${index}`
            ])
          }
        })
      ))

    test("keeps a script of 1 MB", () =>
      run((store) =>
        Effect.gen(function* () {
          const script = "echo ü\n".repeat(150_000)
          yield* recordAll(store, life("a", { spec: { work: { kind: "script", script } } }))
          expect((yield* store.find("a"))?.spec.work).toEqual({ kind: "script", script })
        })
      ))

    test("keeps instants with fractions of a millisecond", () =>
      run((store) =>
        Effect.gen(function* () {
          const made = creation("a", { at: start + 0.123 })
          yield* recordAll(store, [made])
          expect((yield* store.find("a"))?.createdAt).toBe(start + 0.123)
          expect((yield* store.events({ since: 0, limit: 1 }))[0]?.at).toBe(start + 0.123)
        })
      ))
  })
}
