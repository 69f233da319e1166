import { describe, expect, test } from "bun:test"
import { decodePayload } from "@backbeat/contract/decodePayload"
import {
  capabilities,
  examplesList,
  examplesShow,
  lookUp,
  protocolVersion,
  schemaList,
  schemaShow
} from "@backbeat/contract/discovery"
import { jsonSchema } from "@backbeat/contract/jsonSchema"
import type { Operation } from "@backbeat/contract/Operation"
import { operationNames } from "@backbeat/contract/names"
import { findOperation, operations } from "@backbeat/contract/table"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { shown as shownProblem } from "./shown.ts"

const rows: ReadonlyArray<Operation> = Object.values(operations)
const encodes = (row: Operation, answer: unknown): boolean => Schema.is(row.output)(answer)

describe("the table of operations", () => {
  test("has each row under its name", () => {
    expect(rows.map(({ name }) => name)).toEqual([...operationNames])
  })

  test("finds a row by its name, and nothing else", () => {
    expect(findOperation("start")).toBe(operations.start)
    expect(["", "Start", "toString", "__proto__", "constructor"].map(findOperation)).toEqual([
      null,
      null,
      null,
      null,
      null
    ])
  })

  test.each(rows)(
    "says what $name is in one sentence, with an example",
    ({ summary, examples }) => {
      expect(summary).toMatch(/^[A-Z].*\.$/u)
      expect(examples.length).toBeGreaterThan(0)
    }
  )

  const examples = rows.flatMap((row) =>
    row.examples.map(({ title, payload }) => ({ row, name: row.name, title, payload }))
  )

  test.each(examples)("has a valid example for $name: $title", ({ row, payload }) => {
    const payloads: ReadonlyArray<unknown> = Array.isArray(payload) ? payload : [payload]
    const given = payloads.map((each) =>
      typeof each === "string" && row.positional !== null ? { [row.positional]: each } : each
    )
    expect(given.map((each) => decodePayload(row, each)).filter(Result.isFailure)).toEqual([])
    if (Array.isArray(payload)) expect(row.batch).toBe(true)
  })

  test.each(rows.filter(({ positional }) => positional !== null))(
    "takes a bare word for $name as a string field",
    (row) => {
      const { properties } = jsonSchema(row, "input")
      expect(properties).toHaveProperty([row.positional ?? "", "type"], "string")
    }
  )
})

const refused = (name: string) => shownProblem(Result.getOrThrow(Result.flip(lookUp(name))))

describe("an unknown operation", () => {
  test("is rejected with the most similar one", () => {
    const problem = refused("staus")
    expect(problem.message).toBe("unknown command staus; did you mean status?")
    expect(problem.hint).toBe("`backbeat help` lists the commands.")
    expect(refused("kill").message).toBe("unknown command kill; did you mean stop?")
    expect(refused("qqqqqqqq").hint).toBe(`Known commands: ${operationNames.join(", ")}.`)
    expect(problem.details).toEqual({ command: "staus", nearest: "status" })
  })

  test("is rejected with the operations that start with its first word", () => {
    expect(refused("agents").message).toBe(
      "unknown command agents; there are agents list, agents check"
    )
    expect(refused("agents").hint).toBe("Commands of agents: agents list, agents check.")
    expect(refused("agents").details).toEqual({
      command: "agents",
      nearest: null,
      known: ["agents list", "agents check"]
    })
    const pipelines = "pipeline create, pipeline get, pipeline list, pipeline cancel"
    expect(refused("pipeline status").message).toBe(
      `unknown command pipeline status; there are ${pipelines}`
    )
    expect(refused("pipeline lst")).toMatchObject({
      message: "unknown command pipeline lst; did you mean pipeline list?",
      hint: `Commands of pipeline: ${pipelines}.`,
      details: { nearest: "pipeline list" }
    })
  })

  test("is rejected without a suggestion if none is similar", () => {
    expect(Result.getOrThrow(Result.flip(lookUp("frobnicate"))).message).toBe(
      "unknown command frobnicate"
    )
    expect(Result.getOrThrow(Result.flip(lookUp(""))).message).toBe("unknown command (none given)")
  })
})

describe("discovery", () => {
  test("shows the capabilities of this version", () => {
    const told = capabilities("1.2.3")
    expect(told).toMatchObject({
      protocolVersion,
      version: "1.2.3",
      operations: operationNames,
      batch: ["start", "status", "wait", "stop", "restart"],
      streams: ["logs", "events"]
    })
    expect(encodes(operations.capabilities, told)).toBe(true)
  })

  test("offers only operations that exist", () => {
    expect(
      capabilities("1").discovery.filter((name) => name !== "help" && findOperation(name) === null)
    ).toEqual([])
  })

  test("lists both schemas of every operation, each with its own id", () => {
    const told = schemaList()
    expect(encodes(operations["schema list"], told)).toBe(true)
    expect(told.schemas.map(({ operation, side }) => `${operation} ${side}`)).toEqual(
      operationNames.flatMap((name) => [`${name} input`, `${name} output`])
    )
    expect(new Set(told.schemas.map(({ schema_id }) => schema_id)).size).toBe(told.schemas.length)
  })

  test("shows the schema that the list names", () => {
    for (const { operation, side, schema_id } of schemaList().schemas) {
      const told = Result.getOrThrow(schemaShow({ operation, side }))
      expect(told).toMatchObject({ operation, side, schema_id, schema: { $id: schema_id } })
      expect(encodes(operations["schema show"], told)).toBe(true)
    }
  })

  test("shows the payload's schema unless the answer's is requested", () => {
    expect(Result.getOrThrow(schemaShow({ operation: "start" })).schema_id).toBe(
      "backbeat.start.input/v1"
    )
    expect(
      Result.getOrThrow(schemaShow({ operation: "schema show", side: "output" })).schema_id
    ).toBe("backbeat.schema.show.output/v1")
    expect(Result.isFailure(schemaShow({ operation: "strat" }))).toBe(true)
  })

  test("lists the examples of every operation and shows those of one", () => {
    const told = examplesList()
    expect(encodes(operations["examples list"], told)).toBe(true)
    expect(told.examples.map(({ operation }) => operation)).toEqual([...operationNames])
    for (const { operation, titles } of told.examples) {
      const shown = Result.getOrThrow(examplesShow({ operation }))
      expect(encodes(operations["examples show"], shown)).toBe(true)
      expect(shown.examples.map(({ title }) => title)).toEqual([...titles])
    }
  })

  test("writes calls that a shell reads as intended", () => {
    const calls = rows.flatMap(
      ({ name }) => Result.getOrThrow(examplesShow({ operation: name })).examples
    )
    const script = `backbeat() { for last; do :; done; printf '%s\\0' "$last"; }\n${calls.map(({ call }) => call).join("\n")}`
    const { stdout, exitCode } = Bun.spawnSync(["sh", "-c", script])
    expect(exitCode).toBe(0)
    const read = stdout.toString().split("\0").slice(0, -1)
    expect(read.map((text): unknown => JSON.parse(text))).toEqual(
      calls.map(({ payload }) => payload)
    )
  })
})
