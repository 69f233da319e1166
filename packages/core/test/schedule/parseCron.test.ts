import { describe, expect, test } from "bun:test"
import { parseCron } from "@backbeat/core/schedule/parseCron"
import { monthsWithout } from "@backbeat/core/schedule/CronFields"
import * as Result from "effect/Result"
import { fields } from "./when.ts"

const refusal = (expression: string) => {
  const parsed = parseCron(expression)
  if (Result.isSuccess(parsed)) throw new Error(`${expression} was accepted`)
  return parsed.failure
}

const all = [0, 1, 2, 3, 4, 5, 6]
const weekdays: Readonly<Record<string, ReadonlyArray<number>>> = {
  "FRI-SUN": [0, 5, 6],
  "SAT-SUN": [0, 6],
  "fri-sun": [0, 5, 6],
  "5-7": [0, 5, 6],
  "6,7": [0, 6],
  "7": [0],
  "0,7": [0],
  "0-7": all,
  "MON-SUN": all,
  "SUN-MON": [0, 1],
  "1-7/2": [0, 1, 3, 5],
  "*/7": [0]
}

describe("the weekdays of an expression", () => {
  for (const [text, expected] of Object.entries(weekdays)) {
    test(`${text} are each counted once, Sunday as 0`, () => {
      expect([...fields(`0 9 * * ${text}`).weekdays].toSorted()).toEqual([...expected])
    })
  }

  test("SUN-SUN is rejected with the form that works", () => {
    expect(refusal("0 9 * * SUN-SUN").hint).toBe("Use SUN.")
  })
})

/** What the refusal of an expression says. */
const refused: Readonly<Record<string, RegExp>> = {
  "0 1 0/10 * *": /^day of the month 0\/10: .*1-31/u,
  "0 0 1-31/0 * *": /^day of the month 1-31\/0/u,
  "*/90 * * * *": /^minute \*\/90: .*0-59/u,
  "0 0 * 0 *": /^month 0: .*1-12/u,
  "0 24 * * *": /^hour 24: .*0-23/u,
  "60 * * * *": /^minute 60/u,
  "5-1 * * * *": /^minute 5-1/u,
  "* * 32 * *": /^day of the month 32/u,
  "1,,2 * * * *": /^minute 1,,2/u,
  "1.5 * * * *": /U\+002E/u,
  "0 9 * * Monday": /^day of the week Monday/u,
  "0 9 * * 8": /^day of the week 8/u,
  "0 9 * * 1\u20135": /U\+2013/u,
  "0 9 * * \uff15": /U\+FF15/u,
  "0\u00a09 * * 1": /U\+00A0/u,
  "\ufeff0 9 * * 1": /U\+FEFF/u,
  "0 9 * * 1-5 # weekdays": /^#/u,
  "0 0 ? * *": /^\?/u,
  "0 0 L * *": /^L is not supported/u,
  "0 0 15W * *": /^15W is not supported/u,
  "0 0 * * FRIL": /^FRIL is not supported/u,
  "0 0 * * 5#2": /^#/u,
  "0 0 * * +MON": /^\+/u,
  "2026-11-21T08:00:00": /U\+003A/u,
  "0 0 30 2 *": /never occurs/u,
  "0 0 31 4,6 *": /never occurs/u,
  "* * * *": /has 4 fields/u,
  "": /has 1 fields/u
}

describe("an expression that cannot be used", () => {
  for (const [text, message] of Object.entries(refused)) {
    test(`${JSON.stringify(text)} is rejected, with its field or character`, () => {
      expect(refusal(text).message).toMatch(message)
    })
  }

  test("of six fields is answered with its five", () => {
    expect(refusal("0 30 2 * * *").form).toBe("30 2 * * *")
  })

  test("that is a nickname is answered with the five fields", () => {
    expect(refusal("@daily").form).toBe("0 0 * * *")
    expect(refusal("@Hourly").form).toBe("0 * * * *")
    expect(refusal("@reboot").form).toBeNull()
  })

  test("is rejected within 50 ms when it never occurs", () => {
    const before = performance.now()
    refusal("1 0 30 2 *")
    expect(performance.now() - before).toBeLessThan(50)
  })
})

const isWildcard = (text: string): boolean => fields(text).isWildcard

describe("an expression", () => {
  test("may have any blanks between its fields and around them", () => {
    expect(fields("0  9\t* * mon-fri\n").hours).toEqual([9])
  })

  test("is a wildcard one when its minute or hour begins with a star", () => {
    expect(["*/15 2 * * *", "0 */2 * * *", "30 * * * *"].map(isWildcard)).toEqual([
      true,
      true,
      true
    ])
    expect(["30 2 * * *", "0,30 1-3 * * *", "0-59 0-23 * * *"].map(isWildcard)).toEqual([
      false,
      false,
      false
    ])
  })

  test("of the 31st names the months without one", () => {
    expect(monthsWithout(fields("0 8 31 * *"))).toEqual([2, 4, 6, 9, 11])
    expect(monthsWithout(fields("0 8 28-31 * *"))).toEqual([])
    expect(monthsWithout(fields("0 8 * * *"))).toEqual([])
  })
})
