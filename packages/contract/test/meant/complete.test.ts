/** What a rejected payload means, and what remains unclear. */
import { describe, expect, test } from "bun:test"
import { complete } from "@backbeat/contract/meant/complete"
import { operations } from "@backbeat/contract/table"

const started = (payload: unknown): unknown => complete(operations.start, payload)?.call.payload

describe("a field that belongs into another", () => {
  const ready = { script: "true", readyWhen: { port: 3000 } }

  test("is moved there if the payload has that object", () => {
    expect(started({ ...ready, startupTimeoutMs: 1500 })).toEqual({
      script: "true",
      readyWhen: { port: 3000, startupTimeoutMs: 1500 }
    })
    expect(started({ script: "true", healthProbe: { http: "http://a" }, intervalMs: 500 })).toEqual(
      { script: "true", healthProbe: { http: "http://a", intervalMs: 500 } }
    )
    expect(started({ script: "true", restart: { when: "always" }, backoff: "linear" })).toEqual({
      script: "true",
      restart: { when: "always", backoff: "linear" }
    })
    expect(started({ script: "true", failureThreshold: 2, readyWhen: "http://a/b" })).toEqual({
      script: "true",
      readyWhen: { http: "http://a/b", failureThreshold: 2 }
    })
    expect(started({ script: "true", backoff: "linear", retry: 2 })).toEqual({
      script: "true",
      restart: { when: "on-failure", maxAttempts: 3, backoff: "linear" }
    })
  })

  test("is put into a new restart if it asks for more attempts", () => {
    expect(started({ script: "true", maxAttempts: 4 })).toEqual({
      script: "true",
      restart: { when: "on-failure", maxAttempts: 4 }
    })
    expect(started({ script: "true", when: "always" })).toEqual({
      script: "true",
      restart: { when: "always" }
    })
  })

  test("is not moved if the object would have to be invented, or two are possible", () => {
    expect(started({ script: "true", startupTimeoutMs: 1500 })).toBeUndefined()
    expect(started({ script: "true", backoff: "linear" })).toBeUndefined()
    expect(started({ script: "true", log: "up" })).toBeUndefined()
    expect(started({ ...ready, healthProbe: { command: "true" }, intervalMs: 500 })).toBeUndefined()
    expect(
      started({ script: "true", readyWhen: { port: 1, intervalMs: 60 }, intervalMs: 50 })
    ).toBeUndefined()
  })
})

test("a name that is only similar to another is not taken for it", () => {
  expect(started({ script: "true", startupTimeout: 5000 })).toBeUndefined()
  expect(started({ script: "true", readyWhen: { port: 1, stallTimeoutMs: 500 } })).toBeUndefined()
  expect(started({ script: "true", stalTimeoutMs: 500 })).toEqual({
    script: "true",
    stallTimeoutMs: 500
  })
  expect(started({ script: "true", gracePeriod: 500 })).toEqual({
    script: "true",
    gracePeriodMs: 500
  })
})

describe("a duration below its minimum", () => {
  test("is not a wrong unit if the field names its unit", () => {
    expect(started({ script: "true", stallTimeoutMs: 5 })).toBeUndefined()
    expect(started({ script: "true", stallTimeoutMs: "5" })).toBeUndefined()
    expect(started({ script: "true", readyWhen: { port: 1, intervalMs: 10 } })).toBeUndefined()
    expect(complete(operations.send, { id: "r", text: "a", quietMs: 50 })).toBeNull()
  })

  test("is a wrong unit if the text has a unit, or the field has none", () => {
    expect(started({ script: "true", stallTimeoutMs: "5s" })).toEqual({
      script: "true",
      stallTimeoutMs: 5000
    })
    expect(started({ script: "true", stallTimeoutMs: "5000" })).toEqual({
      script: "true",
      stallTimeoutMs: 5000
    })
    expect(started({ script: "true", timeout: 2 })).toEqual({ script: "true", timeout: 2000 })
    expect(started({ script: "true", timeout: "900" })).toEqual({
      script: "true",
      timeout: 900_000
    })
  })
})

test("a number for a variable becomes a text, whatever the variable's name is", () => {
  expect(started({ command: "env", env: { A: 1, restart: 2, args: 3 } })).toEqual({
    command: "env",
    env: { A: "1", restart: "2", args: "3" }
  })
})
