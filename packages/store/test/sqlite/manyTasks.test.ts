/**
 * The number of matching tasks is exact up to a maximum. One statement creates all rows of a table.
 */
import { Database } from "bun:sqlite"
import { expect, test } from "bun:test"
import { countMax } from "@backbeat/store/TaskStore"
import { creation } from "../task.ts"
import { ScratchDatabase } from "./ScratchDatabase.ts"

/** The numbers of the rows to create. */
interface Span {
  readonly from: number
  readonly to: number
}

/** Copies the first row of a table, whose key is `number`. */
const multiply = (db: Database, table: string, number: string, { from, to }: Span): void => {
  const columns = db
    .query<{ name: string }, []>(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
  const copied = columns.map(({ name }) => {
    if (name === number) return "i"
    return name === "id" ? "'copy' || i" : name
  })
  db.run(
    `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
     INSERT INTO ${table} SELECT ${copied.join(", ")} FROM ${table}, n WHERE ${number} = 1`
  )
}

test("the total of a list is exact up to 10,000 tasks, and one more beyond", async () => {
  const scratch = new ScratchDatabase()
  try {
    await scratch.use((store) => store.transact(store.record([creation("first")])))
    const totalWith = (span: Span) => {
      const db = new Database(scratch.path)
      multiply(db, "tasks", "seq", span)
      multiply(db, "task_specs", "task_seq", span)
      db.close()
      return scratch.use((store) => store.list({}, { limit: 1 }))
    }
    const exact = await totalWith({ from: 2, to: countMax })
    expect(exact.total).toBe(10_000)
    const beyond = await totalWith({ from: countMax + 1, to: countMax + 5 })
    expect(beyond.total).toBe(10_001)
  } finally {
    scratch.remove()
  }
})
