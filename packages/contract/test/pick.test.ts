import { describe, expect, test } from "bun:test"
import { pick, pickedText } from "@backbeat/contract/pick"
import * as Result from "effect/Result"
import { shown } from "./shown.ts"

const data = {
  task: { id: "a", exitCode: null, tags: ["x", "y"], restart: { when: "never" } },
  tasks: [{ id: "b", n: 1 }, { id: "c" }],
  none: []
}

const text = (path: string): string =>
  Result.match(pick("list", data, path), {
    onFailure: (told) => `${shown(told).message}. ${shown(told).hint}`,
    onSuccess: pickedText
  })

describe("a path", () => {
  test.each([
    ["task.id", "a"],
    ["task.exitCode", "null"],
    ["task.restart", '{"when":"never"}'],
    ["task.tags", "x\ny"],
    ["task.tags.1", "y"],
    ["tasks.id", "b\nc"],
    ["tasks.n", "1"],
    ["tasks.1.id", "c"],
    ["tasks", '{"id":"b","n":1}\n{"id":"c"}'],
    ["none", ""],
    ["none.id", ""]
  ])("%s reads %j", (path, expected) => {
    expect(text(path)).toBe(expected)
  })

  test.each([
    [
      "task.pid",
      "list was done, but its answer has no task.pid. task has id, exitCode, tags, restart."
    ],
    ["tsk", "list was done, but its answer has no tsk. The answer has task, tasks, none."],
    ["tasks.2", "list was done, but its answer has no tasks.2. tasks has id, n."],
    ["tasks.x", "list was done, but its answer has no tasks.x. tasks has id, n."],
    ["task.id.x", "list was done, but its answer has no task.id.x. task.id has no fields."],
    [
      "task.toString",
      "list was done, but its answer has no task.toString. task has id, exitCode, tags, restart."
    ]
  ])("the missing %s is rejected with the existing names", (path, expected) => {
    expect(text(path)).toBe(expected)
  })
})
