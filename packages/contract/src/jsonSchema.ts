/** The JSON Schemas of the operations, generated from the schemas that decode. */
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import type { Operation } from "./Operation.ts"

/** Payload or answer. */
export type Side = "input" | "output"

/** The id of a schema, such as `backbeat.start.input/v1`. */
export const schemaId = (operation: string, side: Side): string =>
  `backbeat.${operation.replaceAll(" ", ".")}.${side}/v1`

/** The JSON Schema 2020-12 of a payload or an answer. Payloads reject unknown keys. */
export const jsonSchema = (operation: Operation, side: Side): JsonSchema.JsonSchema => {
  const document = Schema.toJsonSchemaDocument(
    side === "input" ? operation.input : operation.output,
    {
      onExcessProperty: side === "input" ? "error" : "ignore"
    }
  )
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: schemaId(operation.name, side),
    ...document.schema,
    ...(Object.keys(document.definitions).length > 0 ? { $defs: document.definitions } : {})
  }
}
