/** How many statements a short task costs on SQLite: a count does not depend on the mood of the machine. */
import { engine } from "@backbeat/core/task/Actor"
import { layerSqlite } from "@backbeat/store/sqlite/layerSqlite"
import { afterEach, beforeEach, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { CurrentTransformer } from "effect/sql/Statement"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Transitions } from "../../src/commit/Transitions.ts"
import { createTasks, layerEngineRig } from "../EngineRig.ts"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backbeat-statements-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const end = {
  type: "End",
  end: { outcome: { kind: "exited", exitCode: 0 }, endedAt: 1, cpuMs: null }
} as const

/** How many statements the effect runs, but for those that begin and end its transactions. */
const count = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  let statements = 0
  return Effect.map(
    Effect.provideService(effect, CurrentTransformer, (statement) => {
      statements++
      return Effect.succeed(statement)
    }),
    () => statements
  )
}

test("a short task costs 13 statements from its creation to its attempt, and 7 at its end", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    yield* createTasks(["first"])
    yield* transitions.apply("first", end, engine)
    expect(yield* count(createTasks(["x"]))).toBeLessThanOrEqual(13)
    expect(yield* count(transitions.apply("x", end, engine))).toBeLessThanOrEqual(7)
  }).pipe(
    Effect.provide(layerEngineRig(layerSqlite({ path: join(folder, "backbeat.db") }))),
    Effect.runPromise
  ))

test("a hundred tasks that begin at once cost at most six statements each, for their attempts are one write", () =>
  Effect.gen(function* () {
    const ids = Array.from({ length: 100 }, (_, index) => `t${index}`)
    expect(yield* count(createTasks(ids))).toBeLessThanOrEqual(600)
  }).pipe(
    Effect.provide(layerEngineRig(layerSqlite({ path: join(folder, "backbeat.db") }))),
    Effect.runPromise
  ))
