import { describe, expect, test } from "bun:test"
import { isBetter, median, reachesTarget, readScore } from "@backbeat/core/loop/score"
import { optimize } from "./scenario.ts"

const strategyOf = (fields: Parameters<typeof optimize>[0]) => {
  const { strategy } = optimize(fields)
  if (strategy.kind !== "optimize") throw new Error("not reached")
  return strategy
}

describe("a score", () => {
  test.each([
    ["12", 12],
    [" 12.5\r", 12.5],
    ["-.5", -0.5],
    ["+3.", 3],
    ["1e3", 1000],
    ["1E-2", 0.01],
    ["0", 0]
  ])("reads %p as %p", (text, value) => {
    expect(readScore(text)).toBe(value)
  })

  test.each(
    [
      "12abc",
      "12%",
      "1,5",
      "12 13",
      "",
      " ",
      "NaN",
      "Infinity",
      "-Infinity",
      "1e400",
      "0x10",
      "0b1",
      ".",
      "1e",
      "--1",
      "１２"
    ].map((text) => [text] as const)
  )("is not read from %p", (text) => {
    expect(readScore(text)).toBeNull()
  })

  test("of several is the one in the middle, so that a lucky one counts nothing", () => {
    expect(median([5, 1, 100])).toBe(5)
    expect(median([4, 1])).toBe(2.5)
    expect(median([7])).toBe(7)
  })

  test("is better only when it is strictly better, by the least improvement at least", () => {
    expect(isBetter(strategyOf({}), 1, null)).toBe(true)
    expect(isBetter(strategyOf({}), 1, 1)).toBe(false)
    expect(isBetter(strategyOf({}), 2, 1)).toBe(true)
    expect(isBetter(strategyOf({ direction: "minimize" }), 2, 1)).toBe(false)
    expect(isBetter(strategyOf({ minImprovement: 2 }), 2, 1)).toBe(false)
    expect(isBetter(strategyOf({ minImprovement: 2 }), 3, 1)).toBe(true)
  })

  test("reaches the target when it is as good", () => {
    expect(reachesTarget(strategyOf({}), 9)).toBe(false)
    expect(reachesTarget(strategyOf({ targetScore: 9 }), 9)).toBe(true)
    expect(reachesTarget(strategyOf({ targetScore: 9, direction: "minimize" }), 9.1)).toBe(false)
  })
})
