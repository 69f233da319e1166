import { describe, expect, test } from "bun:test"
import type { Failure } from "@backbeat/core/task/Failure"
import {
  defaultRestartPolicy,
  RestartPolicy,
  retryDelayMs,
  shouldRetry
} from "@backbeat/core/task/RestartPolicy"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const policyOf = (changes: Partial<RestartPolicy>): RestartPolicy => ({
  ...defaultRestartPolicy,
  ...changes
})
const failure: Failure = { type: "ExitedNonZero", exitCode: 1 }
const dayMs = 86_400_000
const delay = fc.integer({ min: 0, max: dayMs })
const policies = fc.record<RestartPolicy>({
  when: fc.constantFrom("never", "on-failure", "always"),
  maxAttempts: fc.integer({ min: 1, max: 1_000_000 }),
  delayMs: delay,
  backoff: fc.constantFrom("constant", "linear", "exponential"),
  maxDelayMs: delay,
  resetAfterMs: delay
})

const delays = (changes: Partial<RestartPolicy>) =>
  [1, 2, 3, 4].map((tries) => retryDelayMs(policyOf(changes), tries))

describe("the delay before a retry", () => {
  test("is constant, linear or exponential, as the backoff says", () => {
    expect(delays({ backoff: "constant", delayMs: 100 })).toEqual([100, 100, 100, 100])
    expect(delays({ backoff: "linear", delayMs: 100 })).toEqual([100, 200, 300, 400])
    expect(delays({ backoff: "exponential", delayMs: 100 })).toEqual([100, 200, 400, 800])
  })

  test("is at most maxDelayMs", () => {
    expect(delays({ backoff: "exponential", delayMs: 100, maxDelayMs: 300 })).toEqual([
      100, 200, 300, 300
    ])
  })

  test("is delayMs if maxDelayMs is less", () => {
    expect(delays({ backoff: "exponential", delayMs: 100, maxDelayMs: 50 })).toEqual([
      100, 100, 100, 100
    ])
  })

  test("never shrinks, and never exceeds the greater of both limits", () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 1_000_000 }), (policy, tries) => {
        const [one, next] = [retryDelayMs(policy, tries), retryDelayMs(policy, tries + 1)]
        expect(next).toBeGreaterThanOrEqual(one)
        expect(one).toBeGreaterThanOrEqual(policy.delayMs)
        expect(next).toBeLessThanOrEqual(Math.max(policy.maxDelayMs, policy.delayMs))
        expect(Number.isSafeInteger(next)).toBe(true)
      })
    )
  })
})

const wants = (when: RestartPolicy["when"]) =>
  [failure, null].map((each) => shouldRetry(policyOf({ when }), each, 1))
const takes = (changes: Partial<RestartPolicy>) => Schema.is(RestartPolicy)(policyOf(changes))

describe("a restart policy", () => {
  test("requires another attempt after the ends that it names", () => {
    expect(wants("never")).toEqual([false, false])
    expect(wants("on-failure")).toEqual([true, false])
    expect(wants("always")).toEqual([true, true])
  })

  test("requires none when all attempts are used", () => {
    const policy = policyOf({ when: "always", maxAttempts: 3 })
    expect([1, 2, 3, 4].map((tries) => shouldRetry(policy, failure, tries))).toEqual([
      true,
      true,
      false,
      false
    ])
  })

  test("requires none after a task that could not be spawned", () => {
    expect(
      shouldRetry(policyOf({ when: "always" }), { type: "NotSpawned", message: "no such file" }, 1)
    ).toBe(false)
  })

  test("of the defaults never restarts, and decodes", () => {
    expect(shouldRetry(defaultRestartPolicy, failure, 1)).toBe(false)
    expect(Schema.decodeUnknownSync(RestartPolicy)(defaultRestartPolicy)).toEqual(
      defaultRestartPolicy
    )
  })

  test("accepts its bounds and nothing beyond", () => {
    expect([0, 1, 1_000_000, 1_000_001, 1.5].map((maxAttempts) => takes({ maxAttempts }))).toEqual([
      false,
      true,
      true,
      false,
      false
    ])
    for (const field of ["delayMs", "maxDelayMs", "resetAfterMs"]) {
      expect([-1, 0, dayMs, dayMs + 1].map((ms) => takes({ [field]: ms }))).toEqual([
        false,
        true,
        true,
        false
      ])
    }
  })
})
