import { describe, expect, test } from "bun:test"
import { isAccepted } from "@backbeat/core/task/accepts"
import { Failure } from "@backbeat/core/task/Failure"
import { lifecycleDiagram } from "@backbeat/core/task/lifecycleDiagram"
import { commandTypes } from "@backbeat/core/task/TaskCommand"
import { statuses } from "@backbeat/core/task/TaskState"
import * as Schema from "effect/Schema"
import { transitions } from "./transitions.ts"

const lines = lifecycleDiagram().split("\n")
const cellsOf = (line: string): ReadonlyArray<string> =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())

const toProperties = Schema.decodeUnknownSync(
  Schema.Struct({
    properties: Schema.Record(
      Schema.String,
      Schema.Struct({ enum: Schema.optionalKey(Schema.Array(Schema.String)) })
    )
  })
)

describe("the printed lifecycle", () => {
  test("draws an arrow for each possible transition, and no other", () => {
    const drawn = lines.flatMap((line) => {
      const [, from, to, commands = ""] = /^ {2}(\w+) --> (\w+): (.+)$/u.exec(line) ?? []
      return from === undefined
        ? []
        : commands.split(", ").map((command) => `${from} ${command} ${to}`)
    })
    const taken = transitions.map(
      ({ from, command, state }) => `${from.state.status} ${command.type} ${state.status}`
    )
    expect(drawn.toSorted()).toEqual([...new Set(taken)].toSorted())
  })

  test("fills the cell of each accepted command, and no other", () => {
    const at = lines.findIndex(
      (line) => cellsOf(line).join(" ") === ["", ...commandTypes].join(" ")
    )
    const rows = lines.slice(at + 2, at + 2 + statuses.length).map(cellsOf)
    expect(rows.map(([status]) => status)).toEqual(statuses.map((status) => `\`${status}\``))
    const filled = rows.map(([, ...cells]) => cells.map((cell) => cell !== ""))
    expect(filled).toEqual(
      statuses.map((status) => commandTypes.map((command) => isAccepted(status, command)))
    )
  })

  test.each([...statuses])("explains %s", (status) => {
    expect(
      lines.some(
        (line) =>
          cellsOf(line)[0] === `\`${status}\`` && /^[A-Z].+\.$/u.test(cellsOf(line)[1] ?? "")
      )
    ).toBe(true)
  })

  test("names every failure with the facts that it carries", () => {
    const members = Failure.members.map((member) => {
      const { properties } = toProperties(Schema.toJsonSchemaDocument(member).schema)
      return Object.entries(properties).flatMap(([name, property]) =>
        name === "type" ? (property.enum ?? []) : [name]
      )
    })
    const printed = lines
      .map(cellsOf)
      .map(([type = "", facts = ""]) => `${type} ${facts}`.replaceAll(/[`,]/gu, "").trim())
    expect(
      members.map((names) => names.join(" ")).filter((names) => !printed.includes(names))
    ).toEqual([])
  })
})
