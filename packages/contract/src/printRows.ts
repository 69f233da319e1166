/**
 * Prints printedRows.ts: the columns of each row that the thin entry needs, so that it starts
 * without the table.
 */
import type { EntryRow } from "./EntryRow.ts"
import type { Operation } from "./Operation.ts"

/** The columns in printing order; the compiler compares them with the type. */
const columns = {
  positional: true,
  words: true,
  namesOperation: true,
  bare: true,
  environment: true,
  engine: true,
  endsEngine: true,
  asks: true,
  resume: true
} as const satisfies Record<keyof EntryRow, true>

const isColumn = (key: string): key is keyof EntryRow => Object.hasOwn(columns, key)

const literal = (value: EntryRow[keyof EntryRow]): string =>
  Array.isArray(value) ? `[${value.map(literal).join(", ")}]` : JSON.stringify(value)

const keyOf = (name: string): string => (/^\w+$/u.test(name) ? name : JSON.stringify(name))

const line = (row: Operation): string => {
  const entries = Object.keys(columns)
    .filter(isColumn)
    .flatMap((key) => (row[key] === undefined ? [] : [`${key}: ${literal(row[key])}`]))
  return `  ${keyOf(row.name)}: { ${entries.join(", ")} }`
}

/** The text of printedRows.ts. */
export const printRows = (
  rows: ReadonlyArray<Operation>
): string => `/** Printed from the table of operations by \`bun run docs\`: what the thin entry knows of each row. Change the row. */
import type { EntryRow } from "./EntryRow.ts"

/** The rows, in the order of the table. */
export const printedRows = {
${rows.map(line).join(",\n")}
} as const satisfies Readonly<Record<string, EntryRow>>
`
