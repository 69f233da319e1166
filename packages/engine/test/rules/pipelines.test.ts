/**
 * Pipelines in transactions on stores in memory: what ends a pipeline, and how many queries that
 * costs. Started tasks are only recorded, never spawned.
 */
import { pipelineAggregate } from "@backbeat/core/pipeline/aggregate"
import { engine } from "@backbeat/core/history/Actor"
import { History } from "@backbeat/store/History"
import { layerMemory } from "@backbeat/store/memory/layerMemory"
import { AggregateStore } from "@backbeat/store/AggregateStore"
import { PipelineStore } from "@backbeat/store/PipelineStore"
import { TaskStore } from "@backbeat/store/TaskStore"
import { describe, expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { Transitions } from "../../src/commit/Transitions.ts"
import { free, layerEngineRig, newTask } from "../EngineRig.ts"
import { owner } from "../plainSpec.ts"

/** A store that records which pipelines are queried. */
const layerAsked = (asked: Array<ReadonlyArray<string>>) =>
  Layer.provideMerge(
    Layer.effect(
      PipelineStore,
      Effect.map(PipelineStore, (store) => ({
        ...store,
        readyToConclude: (ids: ReadonlyArray<string>) =>
          Effect.suspend(() => (asked.push(ids), store.readyToConclude(ids)))
      }))
    ),
    layerMemory
  )

const madeOf = (taskIds: ReadonlyArray<string>) =>
  ({ type: "pipeline.created", name: null, taskIds, owner }) as const

/** What a test can use. */
const makeHands = Effect.gen(function* () {
  const transitions = yield* Transitions
  const store = yield* TaskStore
  const { events, lastSequence } = yield* History
  const aggregates = yield* AggregateStore
  return {
    transitions,
    store,
    events,
    lastSequence,
    find: (id: string) => aggregates.find(pipelineAggregate, id),
    /** Creates a pipeline whose tasks all start at once. */
    create: (id: string, ids: ReadonlyArray<string>) =>
      transitions.commit((tx) =>
        Effect.andThen(
          tx.of(pipelineAggregate).create(id, madeOf(ids), engine),
          Effect.forEach(ids, (each) => tx.create(newTask(each, {}, id), free, engine), {
            discard: true
          })
        )
      ),
    alone: (id: string) => transitions.commit((tx) => tx.create(newTask(id), free, engine)),
    /** Ends the attempts of tasks in one commit. */
    end: (ids: ReadonlyArray<string>, exitCode = 0) =>
      transitions.commit((tx) =>
        Effect.forEach(ids, (id) =>
          Effect.flatMap(store.find(id), (found) =>
            found === null
              ? Effect.die(`no task ${id}`)
              : tx.change(
                  found,
                  {
                    type: "End",
                    end: { outcome: { kind: "exited", exitCode }, endedAt: 1, cpuMs: null }
                  },
                  engine
                )
          )
        )
      ),
    history: Effect.map(events({ since: 0, limit: 999 }), (all) =>
      all.map(({ id, event }) => `${event.type} ${id}`)
    )
  }
})

type Hands = Effect.Success<typeof makeHands>

const onRig = <E>(
  body: (hands: Hands, asked: ReadonlyArray<ReadonlyArray<string>>) => Effect.Effect<void, E>
): Promise<void> => {
  const asked: Array<ReadonlyArray<string>> = []
  return Effect.gen(function* () {
    yield* body(yield* makeHands, asked)
  }).pipe(Effect.provide(layerEngineRig({ stores: layerAsked(asked) })), Effect.runPromise)
}

describe("the last task of a pipeline", () => {
  test("ends the pipeline in its own commit and notifies the listeners", () =>
    onRig(({ create, end, find, transitions, history }) =>
      Effect.gen(function* () {
        let told = 0
        transitions.onChange("pipeline", "p", () => void told++)
        yield* create("p", ["a", "b"])
        yield* end(["a"])
        expect((yield* find("p"))?.state.status).toBe("running")
        yield* end(["b"])
        expect((yield* find("p"))?.state.status).toBe("completed")
        expect(told).toBe(2)
        expect((yield* history).slice(-2)).toEqual(["task.completed b", "pipeline.completed p"])
      })
    ))

  test("may end together with those of other pipelines in one commit", () =>
    onRig(({ create, end, find }, asked) =>
      Effect.gen(function* () {
        yield* create("p", ["a", "b"])
        yield* create("q", ["c"])
        yield* create("r", ["d", "e"])
        yield* end(["a", "b", "c", "d"])
        const statuses = yield* Effect.forEach(["p", "q", "r"], (id) => find(id))
        expect(statuses.map((pipeline) => pipeline?.state.status)).toEqual([
          "completed",
          "completed",
          "running"
        ])
        expect(asked).toEqual([["p", "q", "r"]])
      })
    ))

  test("makes the pipeline fail with the first failed task in the order of the payload", () =>
    onRig(({ create, end, events }) =>
      Effect.gen(function* () {
        yield* create("p", ["a", "b", "c"])
        yield* end(["c", "b"], 1)
        yield* end(["a"])
        const [failed] = yield* events({ since: 0, types: ["pipeline.failed"], limit: 9 })
        expect(failed).toMatchObject({ subject: "pipeline", id: "p", event: { taskId: "b" } })
      })
    ))

  test("is not queried when no task of a pipeline has ended", () =>
    onRig(({ create, alone, end, transitions }, asked) =>
      Effect.gen(function* () {
        yield* alone("x")
        yield* alone("y")
        yield* create("p", ["a"])
        yield* end(["x"])
        yield* transitions.apply(
          "y",
          { type: "Stop", reason: null, signal: "SIGTERM", graceMs: 1 },
          engine
        )
        expect(asked).toEqual([])
        yield* end(["a"])
        expect(asked).toEqual([["p"]])
      })
    ))
})

describe("a dry run", () => {
  test("returns or fails like the commit, and stores nothing", () =>
    onRig(({ create, transitions, lastSequence, find, history }) =>
      Effect.gen(function* () {
        yield* create("p", ["a"])
        const before = yield* history
        const told: Array<unknown> = []
        transitions.onCommit((commit) => told.push(commit))
        const made = yield* transitions.dryRun((tx) =>
          Effect.as(tx.of(pipelineAggregate).create("q", madeOf([]), engine), "made")
        )
        const refused = yield* Effect.exit(
          transitions.dryRun((tx) =>
            Effect.andThen(
              tx.of(pipelineAggregate).create("q", madeOf([]), engine),
              Effect.fail("no")
            )
          )
        )
        expect([made, refused]).toEqual(["made", Exit.fail("no")])
        expect([yield* history, yield* find("q"), told]).toEqual([before, null, []])
        expect(yield* lastSequence).toBe(before.length)
      })
    ))
})
