import { expect, test } from "bun:test"
import { cutFrame } from "@backbeat/contract/cutFrame"

test("an event leaves out null and empty fields, except in an agent's answer", () => {
  const structured = { answer: null, list: [] }
  const data = {
    reason: null,
    tags: [],
    attempt: 1,
    end: { cpuMs: null, agent: { result: { text: "x".repeat(5000), structured, turns: null } } }
  }
  expect(cutFrame({ type: "task.completed", data })).toEqual({
    type: "task.completed",
    data: Object({
      attempt: 1,
      end: { agent: { result: { text: `${"x".repeat(3999)}…`, structured } } }
    })
  })
})
