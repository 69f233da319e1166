/** Tests that all IdStores behave in the same way. */
import { wholeStore } from "./wholeStore.ts"
import { expect, test } from "bun:test"
import * as Effect from "effect/Effect"
import { IdStore } from "@backbeat/store/IdStore"
import { describeEachStore } from "./eachStore.ts"
import { makePipelines, pipelineChange, pipelineCreation } from "./pipeline.ts"
import { creation, life } from "./task.ts"

describeEachStore("an id", (run) => {
  test("belongs to the aggregate recorded with it until that is removed", () =>
    run(
      "kinds",
      Effect.gen(function* () {
        const [ids, tasks, pipelines] = [yield* IdStore, yield* wholeStore, yield* makePipelines]
        const made = pipelineCreation("p", [])
        yield* tasks.record([...life("done"), creation("waits")])
        yield* pipelines.record(made)
        yield* pipelines.record(pipelineChange(made.pipeline, { type: "Conclude", failed: null }))
        expect(yield* Effect.forEach(["done", "waits", "p", "other"], ids.kindOf)).toEqual([
          "task",
          "task",
          "pipeline",
          null
        ])
        expect(
          [
            ...(yield* ids.tasksAmong([
              "waits",
              "p",
              "other",
              ...Array.from({ length: 120 }, (_, index) => `o${index}`),
              "done"
            ]))
          ].toSorted()
        ).toEqual(["done", "waits"])
        yield* tasks.remove(["done", "waits"])
        yield* pipelines.removeEmpty
        expect(yield* Effect.forEach(["done", "waits", "p"], ids.kindOf)).toEqual([
          null,
          "task",
          null
        ])
        yield* tasks.record([creation("p")])
        expect(yield* ids.kindOf("p")).toBe("task")
      })
    ))

  test("is free again when its transaction is rolled back", () =>
    run(
      "back",
      Effect.gen(function* () {
        const [ids, tasks, pipelines] = [yield* IdStore, yield* wholeStore, yield* makePipelines]
        yield* Effect.flip(
          tasks.transact(
            Effect.all([
              tasks.record([creation("a")]),
              pipelines.record(pipelineCreation("p", ["a"])),
              Effect.fail("no")
            ])
          )
        )
        expect([yield* ids.kindOf("a"), yield* ids.kindOf("p")]).toEqual([null, null])
      })
    ))
})
