import { describe, expect, test } from "bun:test"
import { decodePayload } from "@backbeat/contract/decodePayload"
import { operations } from "@backbeat/contract/table"
import type { Operation } from "@backbeat/contract/Operation"
import * as Result from "effect/Result"
import { shown } from "./shown.ts"

const refuse = (operation: Operation, payload: unknown) =>
  shown(Result.getOrThrow(Result.flip(decodePayload(operation, payload))))
const takes = (operation: Operation, payload: unknown): boolean =>
  Result.isSuccess(decodePayload(operation, payload))
const {
  start,
  status,
  list,
  wait,
  stop,
  send,
  logs,
  events,
  plan,
  prune,
  doctor,
  "pipeline create": pipeline,
  "pipeline list": pipelines
} = operations

const statusList =
  '"blocked", "queued", "running", "stopping", "retrying", "completed", "failed", "cancelled"'
const instant = "expected an ISO 8601 instant with a zone, such as 2026-11-21T08:00:00.000Z"
const taskId =
  "expected 1 to 128 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
const variable = "the name of a variable must not be empty and must not contain = or NUL"
const probes = "log, http, tcp, port, command"
const url = "expected an http:// or https:// URL, or an object"

const refused: ReadonlyArray<readonly [Operation, unknown, string]> = [
  [events, { ids: [] }, "ids: must not be empty"],
  [events, { types: [] }, "types: must not be empty"],
  [wait, { ids: [] }, "ids: must not be empty"],
  [list, { ids: [] }, "ids: must not be empty"],
  [list, { status: [] }, "status: must not be empty"],
  [list, { tags: [] }, "tags: must not be empty"],
  [pipelines, { status: [] }, "status: must not be empty"],
  [prune, { status: [] }, "status: must not be empty"],
  [start, null, "the payload: expected an object, got null"],
  [start, "echo", "the payload: expected an object, got a string"],
  [start, [], "the payload: expected an object, got an array"],
  [start, true, "the payload: expected an object, got a boolean"],
  [start, { id: "" }, `id: ${taskId}`],
  [start, { id: "../x" }, `id: ${taskId}`],
  [start, { id: 5 }, "id: expected a string, got a number"],
  [start, { command: "" }, "command: must not be empty"],
  [start, { command: null }, "command: expected a string, got null"],
  [start, { command: "a\0b" }, "command: must not contain NUL bytes"],
  [start, { args: "x" }, "args: expected an array, got a string"],
  [start, { args: ["a", 1] }, "args[1]: expected a string, got a number"],
  [start, { args: ["a", "b\0"] }, "args[1]: must not contain NUL bytes"],
  [start, { tags: ["a", ""] }, "tags[1]: must not be empty"],
  [start, { inheritEnv: "yes" }, "inheritEnv: expected true or false, got a string"],
  [
    start,
    { timeout: "1000" },
    "timeout: expected a whole number of milliseconds from 1000 to 86400000, got a string"
  ],
  [
    start,
    { timeout: 1500.5 },
    "timeout: expected a whole number of milliseconds from 1000 to 86400000"
  ],
  [start, { priority: "p0" }, 'priority: expected one of "P0", "P1", "P2"; did you mean "P0"?'],
  [start, { priority: "P3" }, 'priority: expected one of "P0", "P1", "P2"'],
  [start, { priority: "high" }, 'priority: expected one of "P0", "P1", "P2"'],
  [start, { env: [] }, "env: expected an object, got an array"],
  [start, { env: { A: 1 } }, "env.A: expected a string, got a number"],
  [start, { env: { A: "\0" } }, "env.A: must not contain NUL bytes"],
  [start, { env: { "A=B": "1" } }, `env["A=B"]: ${variable}`],
  [start, { env: { "": "1" } }, `env[""]: ${variable}`],
  [start, { env: { "A\0": "1" } }, String.raw`env["A\u0000"]: ${variable}`],
  [start, { notBefore: "tomorrow" }, `notBefore: ${instant}`],
  [start, { notBefore: "2026-11-21T08:00:00" }, `notBefore: ${instant}`],
  [start, { notBefore: "2026-04-31T08:00:00Z" }, `notBefore: ${instant}`],
  [start, { notBefore: "2026-11-21T24:00:00Z" }, `notBefore: ${instant}`],
  [start, { stdin: 5 }, "stdin: expected a string or an object with file, got a number"],
  [start, { stdin: {} }, "stdin.file is missing"],
  [start, { stdin: { file: "" } }, "stdin.file: must not be empty"],
  [start, { stdin: { fil: "x" } }, "unknown field stdin.fil; did you mean file?"],
  [
    start,
    { restart: "always" },
    "restart: expected an object with when, maxAttempts, delayMs, backoff, maxDelayMs, resetAfterMs, got a string"
  ],
  [
    start,
    { restart: { when: "allways" } },
    'restart.when: expected one of "never", "on-failure", "always"; did you mean "always"?'
  ],
  [start, { restart: { delayMS: 1 } }, "unknown field restart.delayMS; did you mean delayMs?"],
  [start, { readyWhen: "up" }, `readyWhen: ${url}`],
  [
    start,
    { readyWhen: 5 },
    `readyWhen: expected a string or an object with one of ${probes}, got a number`
  ],
  [start, { readyWhen: {} }, `readyWhen: give one of ${probes}`],
  [start, { readyWhen: { intervalMs: 100 } }, `readyWhen: give one of ${probes}`],
  [start, { readyWhen: { htp: "x" } }, "unknown field readyWhen.htp; did you mean http?"],
  [start, { readyWhen: { http: "a", log: "b" } }, `readyWhen: give only one of ${probes}`],
  [start, { readyWhen: { http: "" } }, "readyWhen.http: must not be empty"],
  [
    start,
    { readyWhen: { http: "x", intervalMs: 1 } },
    "readyWhen.intervalMs: expected a whole number of milliseconds from 50 to 3600000"
  ],
  [start, { readyWhen: { tcp: {} } }, "readyWhen.tcp.port is missing"],
  [
    start,
    { readyWhen: { tcp: { port: 0 } } },
    "readyWhen.tcp.port: expected a whole number from 1 to 65535"
  ],
  [start, { readyWhen: { log: "x", expectStatus: 200 } }, "unknown field readyWhen.expectStatus"],
  [start, { healthProbe: { log: "x" } }, "unknown field healthProbe.log"],
  [
    start,
    { notify: { webhook: "ftp://x" } },
    "notify.webhook: expected an http:// or https:// URL"
  ],
  [start, { notify: { command: "a\0" } }, "notify.command: must not contain NUL bytes"],
  [start, { comand: "x" }, "unknown field comand; did you mean command?"],
  [start, { zzzzzz: "x" }, "unknown field zzzzzz"],
  [start, { constructor: 1 }, "unknown field constructor"],
  [start, JSON.parse('{"__proto__":{}}'), "unknown field __proto__"],
  [start, { "a b": 1 }, 'unknown field ["a b"]'],
  [status, {}, "id is missing"],
  [status, { ID: "x" }, "unknown field ID; did you mean id?"],
  [list, { status: "runing" }, `status: expected one of ${statusList}; did you mean "running"?`],
  [list, { status: ["running", "done"] }, `status[1]: expected one of ${statusList}`],
  [list, { status: 5 }, `status: expected one of ${statusList} or an array, got a number`],
  [wait, { for: "finish" }, 'for: expected one of "end", "start", "ready"'],
  [
    wait,
    { for: 5 },
    'for: expected one of "end", "start", "ready" or an object with one of log, port, got a number'
  ],
  [wait, { for: { log: "x", port: 1 } }, "for: give only one of log, port"],
  [wait, { for: { prt: 1 } }, "unknown field for.prt; did you mean port?"],
  [events, { since: -1 }, "since: expected a whole number of at least 0"],
  [events, { since: "c1-0-0" }, "since: expected a whole number, or its digits as a string"],
  [
    events,
    { since: "1234567890123456" },
    "since: expected a whole number, or its digits as a string"
  ],
  [events, { since: 2 ** 53 }, "since: expected a whole number of at least 0"],
  [plan, {}, "payload is missing"],
  [plan, { payload: 5 }, "payload: expected an object or an array, got a number"],
  [plan, { payload: [{}, 5] }, "payload[1]: expected an object, got a number"],
  [
    plan,
    { operation: "stop", payload: {} },
    'operation: expected one of "start", "pipeline create"'
  ],
  [pipeline, { steps: [] }, "steps: must not be empty"],
  [pipeline, { tasks: [5] }, "tasks[0]: expected a string or an object, got a number"],
  [
    pipeline,
    { tasks: [{ id: "lint", command: "true" }] },
    "unknown field tasks[0].id; did you mean key?"
  ],
  [
    pipeline,
    { steps: Array.from({ length: 21 }, () => ({ command: "true" })) },
    "steps: must have at most 20 items"
  ],
  [
    pipeline,
    { tasks: Array.from({ length: 501 }, () => ({ command: "true" })) },
    "tasks: must have at most 500 items"
  ],
  [
    pipeline,
    { steps: [{ command: "true" }, { command: 5 }] },
    "steps[1].command: expected a string, got a number"
  ],
  [
    pipeline,
    { steps: [{ command: "true" }, { command: "true", dependsOn: ["a"] }] },
    "unknown field steps[1].dependsOn"
  ],
  [
    pipeline,
    { tasks: [{ command: "true" }, { command: "true", ifRunning: "return" }] },
    "unknown field tasks[1].ifRunning"
  ],
  [
    pipeline,
    { id: "x".repeat(95) },
    "id: expected 1 to 94 characters of A-Z a-z 0-9 . _ : - that start with a letter or digit"
  ],
  [prune, { olderThanDays: Infinity }, "olderThanDays: expected a number of days from 0 to 36500"],
  [doctor, { x: 1 }, "unknown field x"],
  [doctor, 5, "the payload: expected an object, got a number"]
]

describe("a rejected payload", () => {
  test.each(
    refused.map(([operation, payload, message]) => ({
      operation,
      payload,
      message,
      name: operation.name
    }))
  )("of $name tells: $message", ({ operation, payload, message }) => {
    expect(refuse(operation, payload).message).toBe(message)
  })

  test("reports all its flaws, wrong values first and missing fields last", () => {
    const { message, details } = refuse(send, { txt: "on", quietMs: -1, eof: "yes" })
    expect(message).toBe("quietMs: expected a whole number of milliseconds from 100 to 60000")
    expect(details).toEqual({
      path: "quietMs",
      issues: [
        "quietMs: expected a whole number of milliseconds from 100 to 60000",
        "eof: expected true or false, got a string",
        "unknown field txt; did you mean text?",
        "id is missing"
      ]
    })
  })

  test("reports at most 20 of its flaws", () => {
    const { details } = refuse(start, { args: Array.from({ length: 1000 }, () => 5) })
    expect(details["issues"]).toHaveLength(20)
  })

  test("lists the known fields at the place of an unknown one", () => {
    expect(refuse(stop, { id: "demo", name: "x" }).hint).toBe(
      "Known fields: id, ids, tag, mine, reason, signal, force, full."
    )
    expect(refuse(start, { readyWhen: { log: "x", color: 1 } }).hint).toBe(
      "Known fields: log, intervalMs, startupTimeoutMs, timeoutMs, failureThreshold."
    )
    expect(refuse(doctor, { x: 1 }).hint).toBe("doctor takes no fields.")
  })

  test("shows a call if a field is missing, and points to the schema", () => {
    expect(refuse(status, {}).hint).toBe(
      `For example: backbeat status demo. \`backbeat status --help\` lists its fields.`
    )
    expect(refuse(plan, {}).hint).toStartWith(
      `For example: backbeat plan '{"payload":{"command":"echo","args":["hello"]}}'. `
    )
    expect(refuse(plan, { command: "echo" }).hint).toBe(
      `For example: backbeat plan '{"payload":{"command":"echo","args":["hello"]}}'. Known fields: operation, payload.`
    )
  })

  test("has a hint for a field that is named like a property of every object", () => {
    for (const name of ["__proto__", "constructor"])
      expect(refuse(pipeline, JSON.parse(`{"${name}":1}`)).hint).toContain("Known fields: ")
  })

  test("does not repeat the caller's secrets", () => {
    const problem = refuse(start, {
      env: { TOKEN: "secret\0" },
      args: ["secret\0"],
      priority: "secret"
    })
    expect(JSON.stringify(problem)).not.toContain("secret")
  })

  test("stays short when a name is long", () => {
    expect(refuse(start, { ["x".repeat(1_000_000)]: 1 }).message.length).toBeLessThan(100)
  })
})

const ofLength = (length: number) => "x".repeat(length)
const wide = (length: number) => "😀".repeat(length)
const many = (length: number, item: unknown) => Array.from({ length }, () => item)

const bounds: ReadonlyArray<
  readonly [
    string,
    Operation,
    (value: unknown) => unknown,
    ReadonlyArray<unknown>,
    ReadonlyArray<unknown>
  ]
> = [
  ["id", start, (id) => ({ id }), ["a", ofLength(128)], [ofLength(129)]],
  [
    "name",
    start,
    (name) => ({ name }),
    ["a", ofLength(200), wide(200)],
    ["", ofLength(201), wide(201)]
  ],
  ["tags", start, (tags) => ({ tags }), [[], many(64, "a")], [many(65, "a")]],
  [
    "one tag",
    start,
    (tag) => ({ tags: [tag] }),
    [ofLength(64), wide(64)],
    [ofLength(65), wide(65)]
  ],
  ["timeout", start, (timeout) => ({ timeout }), [1000, 86_400_000], [999, 86_400_001]],
  ["delayMs", start, (delayMs) => ({ delayMs }), [0, 31_536_000_000], [-1, 31_536_000_001]],
  [
    "stallTimeoutMs",
    start,
    (stallTimeoutMs) => ({ stallTimeoutMs }),
    [100, 86_400_000],
    [99, 86_400_001]
  ],
  ["gracePeriodMs", start, (gracePeriodMs) => ({ gracePeriodMs }), [0, 3_600_000], [-1, 3_600_001]],
  [
    "maxOutputBytes",
    start,
    (maxOutputBytes) => ({ maxOutputBytes }),
    [1024, 1_073_741_824],
    [1023, 1_073_741_825]
  ],
  ["successExitCodes", start, (code) => ({ successExitCodes: [code] }), [0, 255], [-1, 256]],
  [
    "maxAttempts",
    start,
    (maxAttempts) => ({ restart: { maxAttempts } }),
    [1, 1_000_000],
    [0, 1_000_001]
  ],
  [
    "intervalMs",
    start,
    (intervalMs) => ({ readyWhen: { log: "x", intervalMs } }),
    [50, 3_600_000],
    [49, 3_600_001]
  ],
  [
    "reason",
    stop,
    (reason) => ({ id: "a", reason }),
    ["", ofLength(1000), wide(1000)],
    [ofLength(1001), wide(1001)]
  ],
  ["grep", logs, (grep) => ({ id: "a", grep }), ["a", ofLength(1000)], ["", ofLength(1001)]],
  ["lines", logs, (lines) => ({ id: "a", lines }), [0, 1_000_000], [-1, 1_000_001]],
  ["limit", list, (limit) => ({ limit }), [1, 500], [0, 501]],
  ["ids", list, (ids) => ({ ids }), [["a"], many(1000, "a")], [[], many(1001, "a")]],
  ["port", wait, (port) => ({ for: { port } }), [1, 65_535], [0, 65_536]],
  [
    "olderThanDays",
    prune,
    (olderThanDays) => ({ olderThanDays }),
    [0, 0.5, 36_500],
    [-0.1, 36_500.1]
  ]
]

describe("a field at a wrong place", () => {
  test("is reported with its right place", () => {
    const steps = [{ command: "true" }, { command: "true", dependsOn: ["a"] }]
    const { message, hint } = refuse(pipeline, { steps })
    expect(message).toBe("unknown field steps[1].dependsOn")
    expect(hint).toContain("give tasks instead of steps")
    expect(refuse(pipeline, { dependOn: ["a"], steps }).hint).toStartWith(
      "Known fields: id, name, steps, tasks,"
    )
  })
})

describe("a limit", () => {
  test.each(
    bounds.map(([name, operation, payload, inside, outside]) => ({
      name,
      operation,
      payload,
      inside,
      outside
    }))
  )(
    "of $name is taken at its bound and refused beyond it",
    ({ operation, payload, inside, outside }) => {
      expect(inside.map((value) => takes(operation, payload(value)))).toEqual(
        inside.map(() => true)
      )
      expect(outside.map((value) => takes(operation, payload(value)))).toEqual(
        outside.map(() => false)
      )
    }
  )
})

describe("an accepted payload", () => {
  test("is passed on unchanged", () => {
    const payload = {
      id: "web",
      script: "echo a\necho b",
      env: { A: "1", B: "" },
      stdin: "",
      args: ["", "a\nb"]
    }
    expect(Result.getOrThrow(decodePayload(start, payload))).toEqual(payload)
  })

  test("may name a variable __proto__, which stays a variable", () => {
    const decoded = Result.getOrThrow(
      decodePayload(start, JSON.parse('{"command":"env","env":{"__proto__":"x"}}'))
    )
    expect(Object.entries(decoded.env ?? {})).toEqual([["__proto__", "x"]])
  })

  test.each([
    "2026-11-21T08:00Z",
    "2026-11-21T08:00:00Z",
    "2026-11-21T08:00:00.123456789Z",
    "2026-11-21T08:00:00+05:30",
    "2028-02-29T23:59:59-12:00"
  ])("may name the instant %s", (notBefore) => {
    expect(takes(start, { notBefore })).toBe(true)
  })
})
