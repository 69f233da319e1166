import { problem, withTry } from "@backbeat/contract/Problem"
import type { PipelineInput } from "@backbeat/contract/operation/pipeline"
import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { itemsOf, within } from "../../src/handlers/pipelineItems.ts"

const inputsOf = (input: PipelineInput) => Result.getOrThrow(itemsOf("p", input)).items.map((item) => item.input)
const refusalOf = (input: PipelineInput) => Result.getOrThrow(Result.flip(itemsOf("p", input)))

describe("the tasks of a pipeline", () => {
  test("get ids, and as steps each depends on the one before", () => {
    const steps = [{ command: "a" }, { id: "own", command: "b" }, { command: "c", delayMs: 5 }]
    expect(Result.getOrThrow(itemsOf("p", { steps }))).toEqual({
      items: [
        { path: "steps[0]", input: { id: "p.1", command: "a" } },
        { path: "steps[1]", input: { id: "own", command: "b", dependsOn: ["p.1"] } },
        { path: "steps[2]", input: { id: "p.3", command: "c", delayMs: 5, dependsOn: ["own"] } }
      ],
      order: [0, 1, 2]
    })
  })

  test("are ordered by what they depend on, also by ids that were made", () => {
    const tasks = [{ command: "a", dependsOn: ["p.3"] }, { command: "b", dependsOn: ["p.1", "elsewhere"] }, { command: "c" }]
    expect(Result.getOrThrow(itemsOf("p", { tasks })).order).toEqual([2, 0, 1])
  })

  test("take what is shared and keep what is their own; variables are put together", () => {
    const shared = { cwd: "/s", priority: "P0", queue: "q", tags: ["s"], env: { A: "s", B: "s" } } as const
    const own = { cwd: "/o", priority: "P2", queue: "r", tags: [], env: { B: "o" } } as const
    expect(inputsOf({ ...shared, steps: [{ command: "a" }, { command: "b", ...own }] })).toEqual([
      { id: "p.1", command: "a", ...shared },
      { id: "p.2", command: "b", ...own, env: { A: "s", B: "o" }, dependsOn: ["p.1"] }
    ])
  })

  test("get agent and model with a prompt only, and no model that is of another agent", () => {
    const tasks = [
      { command: "a" },
      { prompt: "b" },
      { prompt: "c", model: "own" },
      { prompt: "d", agent: "other" },
      { prompt: "e", agent: "one" }
    ]
    expect(inputsOf({ agent: "one", model: "large", tasks }).map(({ agent, model }) => [agent, model])).toEqual([
      [undefined, undefined],
      ["one", "large"],
      ["one", "own"],
      ["other", undefined],
      ["one", "large"]
    ])
  })

  test("are refused when an agent is named for nobody, an id is there twice, or they wait for each other", () => {
    const steps = [{ command: "a" }, { command: "b" }]
    expect(refusalOf({ agent: "one", steps }).details["path"]).toBe("agent")
    expect(refusalOf({ model: "large", steps }).details["path"]).toBe("model")
    expect(refusalOf({ tasks: [{ id: "x", command: "a" }, { id: "x", command: "b" }] })).toMatchObject({
      message: "tasks[1].id: is that of tasks[0] too: x",
      details: { path: "tasks[1].id" }
    })
    const tasks = [{ command: "a" }, { id: "x", command: "b", dependsOn: ["y"] }, { id: "y", command: "c", dependsOn: ["x"] }]
    expect(refusalOf({ tasks })).toMatchObject({ type: "DependencyCycle", details: { path: "tasks[1]", cycle: ["x", "y", "x"] } })
  })
})

describe("a problem of one task of a call", () => {
  test("has the path of that task before its own, or is told of the task", () => {
    const field = problem("CommandInputError", "command: is missing", "h", { path: "command", more: 1 })
    expect(within("steps[2]", field)).toEqual(
      problem("CommandInputError", "steps[2].command: is missing", "h", { path: "steps[2].command", more: 1 })
    )
    const other = problem("QuotaExceeded", "5 tasks live already", "h", { live: 5 })
    expect(within("tasks[0]", other)).toEqual(problem("QuotaExceeded", "tasks[0]: 5 tasks live already", "h", { live: 5, path: "tasks[0]" }))
    expect(within("tasks[0]", withTry(other, "start", { command: "a" }))).not.toHaveProperty("try")
  })
})
