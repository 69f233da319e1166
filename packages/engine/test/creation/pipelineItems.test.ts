import { errorOf } from "@backbeat/contract/Envelope"
import { atField, problem, withTry } from "@backbeat/contract/Problem"
import type { PipelineInput } from "@backbeat/contract/operation/pipeline"
import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { idsOf, itemsOf, problemOfTask } from "../../src/creation/pipelineItems.ts"

const arranged = (input: PipelineInput) => Result.getOrThrow(itemsOf(idsOf("p", input), input))
const inputsOf = (input: PipelineInput) => arranged(input).items.map((item) => item.input)
const refusalOf = (input: PipelineInput) => {
  const { details, ...error } = errorOf(
    Result.getOrThrow(Result.flip(itemsOf(idsOf("p", input), input)))
  )
  return { ...error, details, hint: details.hint }
}

describe("the tasks of a pipeline", () => {
  test("get ids, and each step depends on the step before it", () => {
    const steps = ["a", { key: "own", command: "b" }, { command: "c", delayMs: 5 }]
    expect(arranged({ steps })).toEqual({
      items: [
        { path: "steps[0]", input: { id: "p.1", script: "a" } },
        { path: "steps[1]", input: { id: "p.own", command: "b", dependsOn: ["p.1"] } },
        { path: "steps[2]", input: { id: "p.3", command: "c", delayMs: 5, dependsOn: ["p.own"] } }
      ],
      order: [0, 1, 2]
    })
  })

  test("are ordered by their dependencies, also if these are generated ids", () => {
    const tasks = [
      { command: "a", dependsOn: ["p.3"] },
      { command: "b", dependsOn: ["p.1", "elsewhere"] },
      { command: "c" }
    ]
    expect(arranged({ tasks }).order).toEqual([2, 0, 1])
  })

  test("resolve a dependency as a key first, then as an existing task", () => {
    const lint = { key: "lint", command: "a" }
    const after = {
      key: "unit",
      prompt: "b",
      dependsOn: ["lint", { task: "old", on: "end" } as const],
      continueFrom: "lint"
    }
    const { items } = Result.getOrThrow(itemsOf(["p.lint-2", "p.unit"], { tasks: [lint, after] }))
    expect(items[1]?.input).toEqual({
      id: "p.unit",
      prompt: "b",
      dependsOn: ["p.lint-2", { task: "old", on: "end" }],
      continueFrom: "p.lint-2"
    })
  })

  test("are rejected when one depends on a name that is not a key", () => {
    const lint = { name: "lint", command: "a" }
    expect(refusalOf({ tasks: [lint, { command: "b", dependsOn: ["lint"] }] })).toMatchObject({
      message: "tasks[1].dependsOn[0]: lint is the name of tasks[0], not a key",
      hint: 'Add "key": "lint" to tasks[0].'
    })
    expect(
      refusalOf({
        tasks: [
          { ...lint, key: "style" },
          { command: "b", dependsOn: [{ task: "lint", on: "end" }] }
        ]
      })
    ).toMatchObject({
      message: "tasks[1].dependsOn[0]: lint is the name of tasks[0], not its key",
      hint: 'Use its key: "style".'
    })
  })

  test("inherit the pipeline's fields, override them, and merge the variables", () => {
    const shared = {
      cwd: "/s",
      priority: "P0",
      queue: "q",
      tags: ["s"],
      env: { A: "s", B: "s" }
    } as const
    const own = { cwd: "/o", priority: "P2", queue: "r", tags: [], env: { B: "o" } } as const
    expect(inputsOf({ ...shared, steps: [{ command: "a" }, { command: "b", ...own }] })).toEqual([
      { id: "p.1", command: "a", ...shared },
      { id: "p.2", command: "b", ...own, env: { A: "s", B: "o" }, dependsOn: ["p.1"] }
    ])
  })

  test("inherit agent, model and system prompt only with a prompt, and no model of another agent", () => {
    const tasks = [
      { command: "a" },
      { prompt: "b" },
      { prompt: "c", model: "own" },
      { prompt: "d", agent: "other" },
      { prompt: "e", agent: "one", systemPrompt: "own" }
    ]
    const inputs = inputsOf({ agent: "one", model: "large", systemPrompt: "all", tasks })
    expect(inputs.map(({ agent, model, systemPrompt }) => [agent, model, systemPrompt])).toEqual([
      [undefined, undefined, undefined],
      ["one", "large", "all"],
      ["one", "own", "all"],
      ["other", undefined, "all"],
      ["one", "large", "own"]
    ])
  })

  test("are rejected for an agent without a prompt, a duplicate key, and a cycle", () => {
    const steps = [{ command: "a" }, { command: "b" }]
    expect(refusalOf({ agent: "one", steps }).details["path"]).toBe("agent")
    expect(refusalOf({ model: "large", steps }).details["path"]).toBe("model")
    expect(refusalOf({ systemPrompt: "all", steps }).details["path"]).toBe("systemPrompt")
    expect(
      refusalOf({
        tasks: [
          { key: "x", command: "a" },
          { key: "x", command: "b" }
        ]
      })
    ).toMatchObject({
      message: "tasks[1].key: is also the key of tasks[0]: x",
      details: { path: "tasks[1].key" }
    })
    const tasks = [
      { command: "a" },
      { key: "x", command: "b", dependsOn: ["y"] },
      { key: "y", command: "c", dependsOn: ["x"] }
    ]
    expect(refusalOf({ tasks })).toMatchObject({
      type: "DependencyCycle",
      details: { path: "tasks[1]", cycle: ["x", "y", "x"] }
    })
  })
})

describe("a problem of one task of a call", () => {
  test("has the path of that task before its own path, or the path of the task alone", () => {
    const field = atField("command", problem("CommandInputError", "is missing", "h", { more: 1 }))
    expect(errorOf(problemOfTask("steps[2]", field))).toMatchObject({
      message: "steps[2].command: is missing",
      details: { path: "steps[2].command", more: 1 }
    })
    const other = problem("QuotaExceeded", "the limit of 5 live tasks (maxLive) is reached", "h", {
      live: 5
    })
    expect(errorOf(problemOfTask("tasks[0]", other))).toMatchObject({
      message: "tasks[0]: the limit of 5 live tasks (maxLive) is reached",
      details: { live: 5, path: "tasks[0]" }
    })
    expect(problemOfTask("tasks[0]", withTry(other, "start", { command: "a" }))).not.toHaveProperty(
      "try"
    )
  })
})
