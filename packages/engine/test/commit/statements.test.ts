/**
 * The number of SQLite statements of a short task. Unlike a duration, it does not depend on the
 * load of the machine.
 */
import { engine } from "@backbeat/core/history/Actor"
import { SqlDatabase } from "@backbeat/store/sql/SqlDatabase"
import { layerSqliteStores } from "@backbeat/store/sqlite/layerSqlite"
import { layerDatabase } from "@backbeat/store/sqlite/SqliteDatabase"
import { afterEach, beforeEach, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
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

/** The statements so far, without those that begin and end transactions. */
let statements = 0

/** Counts statements that are prepared without the client. */
const layerCounted = Layer.effect(
  SqlDatabase,
  Effect.map(SqlDatabase, (database) => ({
    ...database,
    prepared: (...given: Parameters<typeof database.prepared>) => {
      statements++
      return database.prepared(...given)
    }
  }))
)

const layerRig = () => {
  const layerOpened = layerDatabase({ path: join(folder, "backbeat.db") })
  const layerStores = Layer.provide(
    layerSqliteStores({ writers: "one" }),
    Layer.provideMerge(layerCounted, layerOpened)
  )
  return layerEngineRig({ stores: layerStores })
}

/** The number of statements of an effect, without those that begin and end its transactions. */
const count = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    statements = 0
    return Effect.map(
      Effect.provideService(effect, CurrentTransformer, (statement) => {
        statements++
        return Effect.succeed(statement)
      }),
      () => statements
    )
  })

test("a short task costs 8 statements from its creation to its attempt, and 3 at its end", () =>
  Effect.gen(function* () {
    const transitions = yield* Transitions
    yield* createTasks(["first"])
    yield* transitions.apply("first", end, engine)
    expect(yield* count(createTasks(["x"]))).toBeLessThanOrEqual(8)
    expect(yield* count(transitions.apply("x", end, engine))).toBeLessThanOrEqual(3)
  }).pipe(Effect.provide(layerRig()), Effect.runPromise))

test("a hundred tasks that start at once cost at most 710 statements", () =>
  Effect.gen(function* () {
    const ids = Array.from({ length: 100 }, (_, index) => `t${index}`)
    expect(yield* count(createTasks(ids))).toBeLessThanOrEqual(710)
  }).pipe(Effect.provide(layerRig()), Effect.runPromise))

test("finding out which tasks may start costs no statement", () =>
  Effect.gen(function* () {
    const { fillSlots } = yield* Transitions
    yield* createTasks(["first"])
    expect(yield* count(fillSlots)).toBe(0)
  }).pipe(Effect.provide(layerRig()), Effect.runPromise))
