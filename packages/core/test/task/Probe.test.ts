import { describe, expect, test } from "bun:test"
import { describeProbe, HealthProbe, Probe, probeTiming } from "@backbeat/core/task/Probe"
import * as Schema from "effect/Schema"

describe("a probe", () => {
  test("is described for people", () => {
    expect(
      [
        { log: "up" },
        { http: "http://127.0.0.1:3000" },
        { tcp: { port: 80 } },
        { tcp: { host: "::1", port: 80 } },
        { command: "true" }
      ].map(describeProbe)
    ).toEqual([
      "log line matching up",
      "http http://127.0.0.1:3000",
      "tcp localhost:80",
      "tcp ::1:80",
      "command true"
    ])
  })

  test("has a default timing", () => {
    expect(probeTiming({ log: "up" })).toEqual({
      intervalMs: 1000,
      startupTimeoutMs: 30_000,
      timeoutMs: 5000,
      failureThreshold: 3
    })
    const timing = { intervalMs: 50, startupTimeoutMs: 100, timeoutMs: 60, failureThreshold: 1 }
    expect(probeTiming({ command: "true", ...timing })).toEqual(timing)
  })

  test("rejects values that the system cannot use", () => {
    expect(
      [
        { http: "" },
        { command: "a\0" },
        { log: "\0" },
        { tcp: { port: 0 } },
        { tcp: { host: "", port: 1 } },
        {}
      ].filter(Schema.is(Probe))
    ).toEqual([])
  })

  test("of health cannot be a line of output", () => {
    expect(
      [{ log: "up" }, { http: "x" }, { tcp: { port: 1 } }, { command: "true" }].map(
        Schema.is(HealthProbe)
      )
    ).toEqual([false, true, true, true])
  })
})
