/** The answers of `capabilities`, `schema` and `examples`: views of the table. */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { inlineMaxBytes } from "./Artifact.ts"
import { decodePayload } from "./decodePayload.ts"
import { jsonSchema, schemaId } from "./jsonSchema.ts"
import { comingWith, operationMeantBy } from "./meant/words.ts"
import { commandLine } from "./surface/commandLine.ts"
import type { Surface } from "./surface/Surface.ts"
import { nearest } from "./nearest.ts"
import type { Operation } from "./Operation.ts"
import { commandInputError, type Problem } from "./Problem.ts"
import { type NamesByEngine, operationNames } from "./names.ts"
import { findOperation, type Input, operations, type Output } from "./table.ts"

const rows: ReadonlyArray<Operation> = Object.values(operations)

/** The version of the protocol between a caller and the engine. */
export const protocolVersion = 1

/** The capabilities of this version. */
export const capabilities = (version: string): Output<"capabilities"> => ({
  protocolVersion,
  version,
  payloadModes: ["inline-json", "@file", "stdin:-"],
  outputModes: ["auto", "inline", "artifact"],
  inlineMaxBytes,
  operations: operationNames,
  batch: rows.filter((row) => row.batch).map((row) => row.name),
  streams: rows.filter((row) => row.flags.includes("stream")).map((row) => row.name),
  discovery: [...rows.filter((row) => row.engine === "none").map((row) => row.name), "help"]
})

/** The operations that start with this word; none if it is an operation itself. */
export const operationsOf = (group: string): ReadonlyArray<Operation> =>
  rows.filter(({ name }) => name.startsWith(`${group} `))

/** A known first word with an unknown second one. */
const wrongSecondWord = (name: string, group: string, its: ReadonlyArray<string>): Problem => {
  const second = name.slice(group.length + 1)
  const near =
    second === ""
      ? null
      : nearest(
          second,
          its.map((each) => each.slice(group.length + 1))
        )
  const meant = near === null ? `; there are ${its.join(", ")}` : `; did you mean ${group} ${near}?`
  return commandInputError(
    `unknown command ${name}${meant}`,
    `Commands of ${group}: ${its.join(", ")}.`,
    {
      command: name,
      nearest: near === null ? null : `${group} ${near}`,
      known: its
    }
  )
}

/**
 * The row of a name. Fails with CommandInputError that suggests the most similar operation, or
 * those that start with the same word.
 */
export const lookUp = (name: string): Result.Result<Operation, Problem> => {
  const row = findOperation(name)
  if (row !== null) return Result.succeed(row)
  const [group = ""] = name.split(" ")
  const its = operationsOf(group).map((each) => each.name)
  if (its.length > 0) return Result.fail(wrongSecondWord(name, group, its))
  const near = operationMeantBy(group) ?? nearest(name, operationNames)
  const hint =
    comingWith(group) ??
    (near === null
      ? `Known commands: ${operationNames.join(", ")}.`
      : ({ lists: "operations" } as const))
  return Result.fail(
    commandInputError(
      `unknown command ${name === "" ? "(none given)" : name}${near === null ? "" : `; did you mean ${near}?`}`,
      hint,
      {
        command: name,
        nearest: near
      }
    )
  )
}

/** The ids of all schemas. */
export const schemaList = (): Output<"schema list"> => ({
  schemas: rows.flatMap((row) =>
    (["input", "output"] as const).map((side) => ({
      operation: row.name,
      side,
      schema_id: schemaId(row.name, side)
    }))
  )
})

/** The schema of one operation. */
export const schemaShow = ({
  operation,
  side = "input"
}: Input<"schema show">): Result.Result<Output<"schema show">, Problem> =>
  Result.map(lookUp(operation), (row) => ({
    operation,
    side,
    schema_id: schemaId(operation, side),
    schema: jsonSchema(row, side)
  }))

/** The titles of all examples. */
export const examplesList = (): Output<"examples list"> => ({
  examples: rows.map((row) => ({
    operation: row.name,
    titles: row.examples.map((example) => example.title)
  }))
})

/** The examples of one operation, each with its call as a surface writes it. */
export const examplesShow = (
  { operation }: Input<"examples show">,
  surface = commandLine
): Result.Result<Output<"examples show">, Problem> =>
  Result.map(lookUp(operation), (row) => ({
    operation,
    examples: row.examples.map(({ title, payload }) => ({
      title,
      payload,
      call: surface.example(row.name, payload)
    }))
  }))

/** The version and the surface of the answer. */
export interface Asking {
  readonly version: string
  readonly surface: Surface
}

/** Answers a payload of an operation from the table alone. */
export interface Discovery {
  readonly operation: Operation
  readonly answer: (payload: unknown, asking: Asking) => Result.Result<unknown, Problem>
}

const discovery = <Given, Data>(
  operation: Operation<string, Schema.Codec<Given, unknown>, Schema.Codec<Data, unknown>>,
  answer: (input: Given, asking: Asking) => Result.Result<Data, Problem>
): Discovery => ({
  operation,
  answer: (payload, asking) =>
    Result.flatMap(decodePayload(operation, payload), (input) => answer(input, asking))
})

/** The operations that need no engine. */
export const discoveries = {
  capabilities: discovery(operations.capabilities, (_, { version }) =>
    Result.succeed(capabilities(version))
  ),
  "schema list": discovery(operations["schema list"], () => Result.succeed(schemaList())),
  "schema show": discovery(operations["schema show"], schemaShow),
  "examples list": discovery(operations["examples list"], () => Result.succeed(examplesList())),
  "examples show": discovery(operations["examples show"], (input, { surface }) =>
    examplesShow(input, surface)
  )
} as const satisfies Record<NamesByEngine<"none">, Discovery>

/** The answer of such an operation; null for operations that the engine answers. */
export const findDiscovery = (name: string): Discovery | null => {
  const all: Readonly<Record<string, Discovery>> = discoveries
  return Object.hasOwn(all, name) ? (all[name] ?? null) : null
}
