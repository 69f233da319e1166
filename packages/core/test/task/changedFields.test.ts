import { changedFields } from "@backbeat/core/task/changedFields"
import { describe, expect, test } from "bun:test"
import { specOf } from "./scenario.ts"

const spec = specOf()

describe("a changed specification", () => {
  const script = { ...spec, work: { kind: "script", script: "echo one" } } as const

  test("names its fields as in a payload", () => {
    expect(changedFields(script, script)).toEqual([])
    expect(
      changedFields(script, { ...script, work: { kind: "script", script: "echo two" } })
    ).toEqual(["script"])
    expect(changedFields(script, { ...script, envKeys: ["A"], timeout: 5 })).toEqual([
      "env",
      "timeout"
    ])
    expect(changedFields(script, { ...script, umask: 0o77 })).toEqual([])
  })

  test("with another kind of work names that kind", () => {
    expect(
      changedFields(script, { ...script, work: { kind: "command", command: "true", args: [] } })
    ).toEqual(["command"])
  })
})
