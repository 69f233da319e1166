/** Each surface writes the same problem in its own words. */
import { describe, expect, test } from "bun:test"
import { decodePayload } from "@backbeat/contract/decodePayload"
import { lookUp } from "@backbeat/contract/discovery"
import { errorOf } from "@backbeat/contract/Envelope"
import { foreignFlag } from "@backbeat/contract/foreignFlag"
import type { Operation } from "@backbeat/contract/Operation"
import {
  atField,
  commandInputError,
  type Problem,
  taskNotFound,
  within,
  withTry
} from "@backbeat/contract/Problem"
import { shapeOf } from "@backbeat/contract/Shape"
import { surfaceOf } from "@backbeat/contract/surface/surfaces"
import { operations } from "@backbeat/contract/table"
import {
  callOf,
  firstOf,
  flagOf,
  type Hint,
  onlyOn,
  ownPath,
  sentence
} from "@backbeat/contract/Text"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { valuesOf } from "../payloads.ts"

const rows: ReadonlyArray<Operation> = Object.values(operations)
const told = (problem: Problem) => {
  const [cli, mcp] = [errorOf(problem, surfaceOf("cli")), errorOf(problem, surfaceOf("mcp"))]
  return { cli, mcp, hints: [cli.details.hint, mcp.details.hint] }
}
const hints = (hint: Hint) => told(commandInputError("no", hint)).hints

/** Words that only the command line has. */
const typed = /(?:^|[\s(])--[a-z]|\bbackbeat [a-z<]|@file|single quotes/u

describe("a hint that mentions", () => {
  test.each([
    [
      "an operation",
      sentence`Run ${callOf("list")} to see the task ids.`,
      "Run list to see the task ids.",
      "Run ListTasks to see the task ids."
    ],
    [
      "a call",
      sentence`To run it too: ${callOf("restart", ["a", "b"])}`,
      `To run it too: backbeat restart '["a","b"]'`,
      'To run it too: RestartTask {"ids":["a","b"]}'
    ],
    [
      "a call without a tool of its own",
      sentence`Resume it: ${callOf("queue resume", { queue: "builds" })}`,
      "Resume it: backbeat queue resume builds",
      'Resume it: RunOperation {"operation":"queue resume","payload":{"queue":"builds"}}'
    ],
    [
      "a call that MCP may not make",
      ["Add agent.", sentence`Or set a default: ${callOf("init", { agent: "claude" })}.`],
      "Add agent. Or set a default: backbeat init claude.",
      "Add agent."
    ],
    [
      "such a call in the first of two sentences",
      firstOf(sentence`Add agent, or set a default with ${callOf("init")}.`, "Add agent."),
      "Add agent, or set a default with init.",
      "Add agent."
    ],
    [
      "a flag that is a field of tools",
      sentence`Add ${flagOf("wait")}.`,
      "Add --wait.",
      'Add "wait": true.'
    ],
    [
      "a flag that only the command line has",
      [sentence`Add ${flagOf("stream")}.`, "Or remove this field."],
      "Add --stream. Or remove this field.",
      "Or remove this field."
    ],
    [
      "how a shell is written",
      [onlyOn("cli", "Use single quotes."), "Give prompt."],
      "Use single quotes. Give prompt.",
      "Give prompt."
    ],
    [
      "the fields of an operation",
      { lists: { fieldsOf: "stop" } },
      "`backbeat stop --help` lists its fields.",
      'RunOperation {"operation":"examples show","payload":{"operation":"stop"}} shows payloads that work.'
    ]
  ] satisfies ReadonlyArray<readonly [string, Hint, string, string]>)(
    "%s is written for the command line and for MCP",
    (_, hint, cli, mcp) => {
      expect(hints(hint)).toEqual([cli, mcp])
    }
  )

  test("nothing is replaced by the suggested call, for MCP as a call of a tool", () => {
    const problem = withTry(commandInputError("no", ""), "stop", { id: "a" })
    expect(told(problem).hints).toEqual([
      "Run the call in `try`: backbeat <operation> '<payload>' [flags].",
      'Call CancelTask {"id":"a"}.'
    ])
    const waits = {
      operation: "start",
      payload: { script: "a" },
      flags: { wait: true, home: "/h" }
    }
    expect(told({ ...problem, try: waits }).mcp.details.hint).toBe(
      'Call DelegateTask {"script":"a","wait":true}.'
    )
    expect(told(withTry(problem, "start", [{ script: "a" }])).mcp.details.hint).toBe(
      "Correct the call as the message says."
    )
  })
})

describe("a problem", () => {
  test("of a field has its path before the message, or where the message mentions it", () => {
    const field = atField("env", commandInputError("is missing", ""))
    expect(told(within("tasks[1]", field)).cli).toMatchObject({
      message: "tasks[1].env: is missing",
      details: { path: "tasks[1].env" }
    })
    const named = atField("cmd", commandInputError(sentence`unknown field ${ownPath}`, ""))
    expect(told(within("steps[0]", named)).mcp.message).toBe("unknown field steps[0].cmd")
  })

  test("of a task has the same facts on every surface", () => {
    const { cli, mcp } = told(taskNotFound("x"))
    expect({ ...mcp, details: { ...mcp.details, hint: "" } }).toEqual({
      ...cli,
      details: { ...cli.details, hint: "" }
    })
  })

  test("of a flag names it in the words of the surface", () => {
    const problem = foreignFlag(operations.status, { wait: true })
    if (problem === null) throw new Error("status takes --wait")
    expect(told(problem).cli).toMatchObject({
      message: "status does not take the flag --wait",
      details: { flag: "--wait", hint: expect.stringContaining("Known flags: --output") }
    })
    expect(JSON.stringify(told(problem).mcp)).not.toMatch(typed)
  })

  test("of an unknown operation has no words of the command line for MCP", () => {
    for (const name of ["staus", "pipeline", "qqqq", ""]) {
      const { mcp } = told(Result.getOrThrow(Result.flip(lookUp(name))))
      expect(`${mcp.message} ${mcp.details.hint}`).not.toMatch(typed)
    }
  })

  test.each(rows.map((row) => ({ name: row.name, row })))(
    "of a payload of $name has no word of the command line for MCP",
    ({ row }) => {
      fc.assert(
        fc.property(valuesOf(shapeOf(row, "input")), (payload) => {
          const decoded = decodePayload(row, payload)
          if (Result.isFailure(decoded))
            expect(told(decoded.failure).mcp.details.hint).not.toMatch(typed)
        }),
        { numRuns: 60 }
      )
    }
  )
})
