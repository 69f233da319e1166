import { workKey } from "@backbeat/core/task/workKey"
import { expect, test } from "bun:test"
import { specOf } from "./scenario.ts"

const script = (text: string) => specOf({ work: { kind: "script", script: text } })
const command = (...args: ReadonlyArray<string>) =>
  specOf({ work: { kind: "command", command: "make", args } })

test("the work key is the same for the same work in the same folder, whatever else differs", () => {
  expect(workKey(script("make"))).toMatch(/^[0-9a-f]{16}$/u)
  expect(workKey({ ...script("make"), timeout: 5, tags: ["a"], queue: "q" })).toBe(
    workKey(script("make"))
  )
})

test("the work key differs by kind, folder, text, and the ends of arguments", () => {
  const keys = [
    script("make"),
    script("make "),
    { ...script("make"), cwd: "/tmp" },
    command(),
    command("a", "b"),
    command("a b"),
    command("b", "a")
  ].map((spec) => workKey(spec))
  expect(new Set(keys).size).toBe(keys.length)
})
