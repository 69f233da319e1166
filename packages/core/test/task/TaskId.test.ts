import { describe, expect, test } from "bun:test"
import { makeTaskId, TaskId } from "@backbeat/core/task/TaskId"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const isTaskId = Schema.is(TaskId)
const instants = fc.integer({ min: 0, max: 32 ** 9 - 1 })
const randoms = fc.integer({ min: 0, max: 32_767 })

describe("a task id", () => {
  test.each(["a", "7", "web", "Build.v1_2:x-y", "a".repeat(128)])("can be %p", (id) => {
    expect(isTaskId(id)).toBe(true)
  })

  test.each(["", "-a", ".", "..", "_a", ":a", "a b", "a/b", "a\0", "a\n", "é", "a".repeat(129)])(
    "cannot be %p",
    (id) => {
      expect(isTaskId(id)).toBe(false)
    }
  )
})

describe("a generated id", () => {
  test("is task- and 12 characters", () => {
    expect(makeTaskId(0, 0)).toBe("task-000000000000")
    expect([1, 32, 1024, 32_767].map((random) => makeTaskId(32, random))).toEqual([
      "task-000000010001",
      "task-000000010010",
      "task-000000010100",
      "task-000000010zzz"
    ])
    expect(makeTaskId(1_795_243_082_000, 32_767)).toMatch(/^task-[0-9a-hjkmnp-tv-z]{9}zzz$/u)
  })

  test("is a task id", () => {
    fc.assert(
      fc.property(
        instants,
        randoms,
        (at, random) => isTaskId(makeTaskId(at, random)) && makeTaskId(at, random).length === 17
      )
    )
  })

  test("sorts by time", () => {
    fc.assert(
      fc.property(instants, instants, randoms, randoms, (one, two, random, another) => {
        fc.pre(one < two)
        return makeTaskId(one, random) < makeTaskId(two, another)
      })
    )
  })

  test("differs with another random number", () => {
    fc.assert(
      fc.property(
        instants,
        randoms,
        randoms,
        (at, one, two) => (one === two) === (makeTaskId(at, one) === makeTaskId(at, two))
      )
    )
  })
})
