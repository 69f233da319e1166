import { describe, expect, test } from "bun:test"
import { payloadOf } from "@backbeat/contract/payload"
import { payloadMaxBytes } from "@backbeat/contract/protocol"
import { operations } from "@backbeat/contract/table"
import * as Result from "effect/Result"
import { shown } from "./shown.ts"

const { start, status, list } = operations
const of = (
  operation: typeof start | typeof status | typeof list,
  payload: string | null,
  ...argv: ReadonlyArray<ReadonlyArray<string>>
): unknown =>
  Result.getOrThrow(
    payloadOf(operation, {
      payload,
      flags: {},
      ...(argv[0] === undefined ? {} : { argv: argv[0] })
    })
  )
const refused = (
  operation: typeof start | typeof status,
  payload: string | null,
  argv?: ReadonlyArray<string>
) =>
  shown(
    Result.getOrThrow(
      Result.flip(
        payloadOf(operation, { payload, flags: {}, ...(argv === undefined ? {} : { argv }) })
      )
    )
  )

const jsonOf = (bytes: number) => JSON.stringify({ script: "x".repeat(bytes - 13) })

describe("what a caller typed", () => {
  test("is an empty object when there is nothing", () => {
    expect([of(list, null), of(list, ""), of(list, " \n")]).toEqual([{}, {}, {}])
  })

  test("is JSON, including arrays", () => {
    expect(of(start, ' {"id":"a"} ')).toEqual({ id: "a" })
    expect(of(start, '[{"id":"a"}]')).toEqual([{ id: "a" }])
  })

  test("is a plain word for an operation that accepts one, even if it looks like a number", () => {
    expect(["demo", "5", "true"].map((word) => of(status, word))).toEqual([
      { id: "demo" },
      { id: "5" },
      { id: "true" }
    ])
    expect(of(status, '{"id":"demo"}')).toEqual({ id: "demo" })
  })

  test("is rejected otherwise, with the right form", () => {
    const problem = refused(start, "{id: a}")
    expect(problem.type).toBe("CommandInputError")
    expect(problem.message).toStartWith("the payload is not valid JSON: ")
    expect(problem.hint).toBe(
      "In a shell, put the whole payload into single quotes, or use @file.json."
    )
    expect(refused(start, "demo").message).toStartWith("the payload is not valid JSON: ")
  })

  test("is rejected above its limit in bytes", () => {
    expect(of(start, jsonOf(payloadMaxBytes))).toHaveProperty("script")
    expect(refused(start, jsonOf(payloadMaxBytes + 1)).message).toBe(
      `the payload is larger than ${payloadMaxBytes} bytes`
    )
    expect(
      refused(start, JSON.stringify({ script: "é".repeat(payloadMaxBytes / 2) })).details
    ).toEqual({ maxBytes: payloadMaxBytes })
  })
})

describe("a command after --", () => {
  test("becomes command and args beside the payload's fields", () => {
    expect(of(start, '{"id":"a"}', ["npm", "test", "-w", "api"])).toEqual({
      id: "a",
      command: "npm",
      args: ["test", "-w", "api"]
    })
    expect(of(start, null, ["true"])).toEqual({ command: "true", args: [] })
  })

  test("is rejected when it is empty, or when the payload has a command or is an array", () => {
    expect(refused(start, null, []).message).toBe("the command after -- is missing")
    for (const payload of ['{"command":"a"}', '{"script":"a"}', '{"args":[]}']) {
      expect(refused(start, payload, ["b"]).message).toBe(
        "the payload has a command, and there is another one after --"
      )
    }
    expect(refused(start, "[]", ["b"]).message).toBe("-- requires an object as payload")
  })

  test("is only for start", () => {
    expect(refused(status, "demo", ["b"])).toMatchObject({
      message: "status takes no command after --",
      hint: "Only start takes a command."
    })
  })

  test("does not hide that the payload is not JSON", () => {
    expect(refused(start, "{", ["b"]).message).toStartWith("the payload is not valid JSON: ")
  })
})
