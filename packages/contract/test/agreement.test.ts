import { describe, expect, test } from "bun:test"
import { decodePayload } from "@backbeat/contract/decodePayload"
import { jsonSchema } from "@backbeat/contract/jsonSchema"
import type { Operation } from "@backbeat/contract/Operation"
import { isSilent } from "@backbeat/contract/Text"
import { shapeOf } from "@backbeat/contract/Shape"
import { operations } from "@backbeat/contract/table"
import Ajv2020 from "ajv/dist/2020"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { valuesOf } from "./payloads.ts"
import { shown } from "./shown.ts"

const rows: ReadonlyArray<Operation> = Object.values(operations)
const ajv = new Ajv2020({ strict: true, strictTypes: false })

const sides = rows.map((row) => {
  const accepts = ajv.compile(jsonSchema(row, "input"))
  return {
    name: row.name,
    row,
    accepts: (payload: unknown): boolean => accepts(payload) === true,
    payloads: valuesOf(shapeOf(row, "input"))
  }
})

describe.each(sides)("the schema of $name and its decoder", ({ row, accepts, payloads }) => {
  test("accept the same payloads, and the decoder passes them on unchanged", () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const decoded = decodePayload(row, payload)
        expect(Result.isSuccess(decoded)).toBe(accepts(payload))
        if (Result.isSuccess(decoded)) expect(decoded.success).toEqual(payload)
      }),
      { numRuns: 400 }
    )
  })

  test("reject with a message that has the field and what was expected", () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const decoded = decodePayload(row, payload)
        if (Result.isSuccess(decoded)) return
        const { hint, try: suggestion } = decoded.failure
        const { type, message, details } = shown(decoded.failure)
        expect(type).toBe("CommandInputError")
        const { issues = [message, "no other"] } = details
        expect(issues).toBeArray()
        expect(issues).toContain(message)
        expect(issues).not.toHaveLength(1)
        expect(message).toContain(
          details["path"] === "" ? "the payload: " : String(details["path"])
        )
        expect(message).not.toMatch(/Expected |undefined|another value|must match|its schema/u)
        if (suggestion === undefined) expect(isSilent(hint)).toBe(false)
        else expect(Result.isSuccess(decodePayload(row, suggestion.payload))).toBe(true)
      }),
      { numRuns: 400 }
    )
  })
})

describe("the payloads of these properties", () => {
  test.each(sides)(
    "are sometimes accepted and sometimes rejected for $name",
    ({ accepts, payloads }) => {
      const accepted = fc.sample(payloads, { numRuns: 400, seed: 1 }).filter(accepts)
      expect(accepted.length).toBeGreaterThan(40)
      expect(accepted.length).toBeLessThan(396)
    }
  )
})
