/** The thin entry loads no schema: what it knows of operations by name agrees with their rows. */
import {
  discoveryNames,
  operationsWithEnvironment,
  operationsWithoutStart
} from "@backbeat/contract/names"
import type { Operation } from "@backbeat/contract/Operation"
import { operations } from "@backbeat/contract/table"
import { expect, test } from "bun:test"

const namesWhere = (holds: (row: Operation) => boolean): ReadonlyArray<string> =>
  Object.values(operations)
    .filter((row) => holds(row))
    .map(({ name }) => name)

test("the operations that take the caller's environment are those whose rows say so", () => {
  expect(operationsWithEnvironment.toSorted()).toEqual(
    namesWhere(({ environment }) => environment === true).toSorted()
  )
})

test("the operations that start no engine, or need none, are those whose rows say so", () => {
  expect(operationsWithoutStart.toSorted()).toEqual(
    namesWhere(({ engine }) => engine === "uses").toSorted()
  )
  expect(discoveryNames.toSorted()).toEqual(
    namesWhere(({ engine }) => engine === "none").toSorted()
  )
})
