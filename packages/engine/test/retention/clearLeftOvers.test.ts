/** Removes what killed calls left, with a store in memory and real folders. */
import { engine } from "@backbeat/core/history/Actor"
import { created } from "@backbeat/core/task/evolve"
import { noLineage } from "@backbeat/core/task/TaskSpec"
import { Database } from "@backbeat/store/Database"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { TaskStore } from "@backbeat/store/TaskStore"
import { describe, expect, test } from "bun:test"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { type Instances, layerInstances } from "../../src/wiring/once.ts"
import { environmentsDir, Home, taskDir, tasksDir } from "../../src/home/Home.ts"
import { saveEnvironment, readEnvironment } from "../../src/home/TaskEnvironment.ts"
import { makeClearLeftOvers } from "../../src/retention/clearLeftOvers.ts"
import { owner, plainSpec as spec } from "../plainSpec.ts"

const longAgo = 1_000_000_000_000
const recently = longAgo + 86_400_000

/** What a test can use. */
const makeHands = Effect.gen(function* () {
  const { root } = yield* Home
  const store = yield* TaskStore
  return {
    root,
    store,
    create: (id: string, requestId: string) => {
      const event = {
        type: "task.created",
        spec,
        owner: { ...owner, requestId },
        lineage: noLineage,
        blocked: false
      } as const
      return store.record([
        { task: created(id, event, longAgo), events: [event], at: longAgo, actor: engine }
      ])
    },
    /** Creates a file in a task's folder; both get the modification time `at`. */
    put: (id: string, name: string, at: number) => {
      const path = join(taskDir(root, id), name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, "{}")
      for (const each of [path, dirname(path), taskDir(root, id)])
        utimesSync(each, at / 1000, at / 1000)
    },
    folders: () => readdirSync(tasksDir(root)).toSorted(),
    files: (id: string) => readdirSync(taskDir(root, id)).toSorted()
  }
})

type Hands = Effect.Success<typeof makeHands>

const onRig = async <E>(
  body: (hands: Hands) => Effect.Effect<void, E, Home | TaskStore | Database | Instances>
): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), "backbeat-"))
  mkdirSync(tasksDir(root))
  const layer = Layer.mergeAll(
    layerMemory,
    layerInstances,
    Layer.succeed(Home, { root, configPath: join(root, "config.json"), version: "0" })
  )
  try {
    await Effect.flatMap(makeHands, body).pipe(Effect.provide(layer), Effect.runPromise)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const clear = Effect.flatMap(makeClearLeftOvers, (clearLeftOvers) => clearLeftOvers(recently))

describe("the folder of a call that was killed before its commit", () => {
  test("is removed, and its bytes are counted as freed", () =>
    onRig(({ root, put, folders }) =>
      Effect.gen(function* () {
        saveEnvironment(root, "gone", "r#0", { SECRET: "s" })
        put("twice", "environment.json", Date.now())
        put("twice", "environment.r#0.json", Date.now())
        mkdirSync(taskDir(root, "empty"))
        expect(yield* clear).toBeGreaterThanOrEqual(3 * 512)
        expect(folders()).toEqual([])
        expect(readdirSync(environmentsDir(root))).toEqual([])
        expect(yield* clear).toBe(0)
      })
    ))

  test("stays when a task has it, however many tasks there are", () =>
    onRig(({ root, create, folders }) =>
      Effect.gen(function* () {
        const ids = Array.from({ length: 230 }, (_, index) => `t${1000 + index}`)
        for (const [index, id] of ids.entries()) {
          saveEnvironment(root, id, "r#0", {})
          if (index % 3 > 0) yield* create(id, "r#0")
        }
        yield* clear
        expect(folders()).toEqual(ids.filter((_, index) => index % 3 > 0))
      })
    ))

  test("stays when a start that is under way uses it", () =>
    onRig(({ root, store, create, folders }) =>
      Effect.gen(function* () {
        const database = yield* Database
        saveEnvironment(root, "x", "killed#0", {})
        const kept = yield* Deferred.make<void>()
        const goOn = yield* Deferred.make<void>()
        const start = database.transact(
          Effect.gen(function* () {
            saveEnvironment(root, "x", "r#0", { A: "mine" })
            yield* Deferred.succeed(kept, undefined)
            yield* Deferred.await(goOn)
            return yield* create("x", "r#0")
          })
        )
        let isFirst = true
        // The start begins right after the folder was judged to belong to no task.
        const list: typeof store.list = (filter, page) =>
          Effect.tap(store.list(filter, page), () => {
            if (!isFirst) return Effect.void
            isFirst = false
            return Effect.andThen(Effect.forkDetach(start), Deferred.await(kept))
          })
        const clearing = yield* Effect.forkChild(
          Effect.provideService(clear, TaskStore, { ...store, list })
        )
        yield* Deferred.await(kept)
        yield* Deferred.succeed(goOn, undefined)
        yield* Fiber.join(clearing)
        expect(folders()).toEqual(["x"])
        expect(readEnvironment(root, { id: "x", owner: { requestId: "r#0" } })).toEqual({
          A: "mine"
        })
      })
    ))
})

describe("the folder of a task", () => {
  test("loses only the environments of requests other than the stored one", () =>
    onRig(({ create, put, files }) =>
      Effect.gen(function* () {
        yield* create("x", "r#0")
        for (const name of [
          "environment.json",
          "environment.r#0.json",
          "environment.killed#0.json",
          "1/stdout",
          "other.json"
        ])
          put("x", name, longAgo)
        yield* clear
        expect(files("x")).toEqual(["1", "environment.json", "environment.r#0.json", "other.json"])
      })
    ))
})

describe("a folder with attempts of a task that is not stored", () => {
  test("is removed when it was not changed during the retention time", () =>
    onRig(({ put, folders }) =>
      Effect.gen(function* () {
        put("old", "1/claim", longAgo)
        put("fresh", "1/claim", recently)
        put("ending", "environment.killed#0.json", longAgo)
        put("ending", "1/stdout", recently)
        yield* clear
        expect(folders()).toEqual(["ending", "fresh"])
      })
    ))

  test("stays unchanged when backbeat did not create it", () =>
    onRig(({ root, put, folders, files }) =>
      Effect.gen(function* () {
        put("0042", "src/notes.md", longAgo)
        put("0043", "7/notes.md", longAgo)
        put("beside", "1/claim", longAgo)
        put("beside", "notes.md", longAgo)
        yield* clear
        expect(folders()).toEqual(["0042", "0043", "beside"])
        expect(files("beside")).toEqual(["1", "notes.md"])
        expect(readdirSync(join(taskDir(root, "0042"), "src"))).toEqual(["notes.md"])
      })
    ))

  test("stays while one of its processes is alive", () =>
    onRig(({ root, put, folders }) =>
      Effect.gen(function* () {
        put("lives", "1/claim", longAgo)
        const fifo = join(taskDir(root, "lives"), "1", "alive")
        Bun.spawnSync(["mkfifo", fifo])
        for (const dir of [dirname(fifo), taskDir(root, "lives")])
          utimesSync(dir, longAgo / 1000, longAgo / 1000)
        const held = openSync(fifo, constants.O_RDWR)
        yield* clear
        expect(folders()).toEqual(["lives"])
        closeSync(held)
        yield* clear
        expect(folders()).toEqual([])
      })
    ))
})

test("a folder that is not a task's is left alone", () =>
  onRig(({ root, folders }) =>
    Effect.gen(function* () {
      writeFileSync(join(tasksDir(root), "file"), "x")
      mkdirSync(join(tasksDir(root), ".hidden"))
      expect(yield* clear).toBe(0)
      expect(folders()).toEqual([".hidden", "file"])
    })
  ))

test("in a home without tasks nothing is removed", () =>
  onRig(({ root }) =>
    Effect.gen(function* () {
      rmSync(tasksDir(root), { recursive: true })
      expect(yield* clear).toBe(0)
    })
  ))
