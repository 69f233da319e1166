/** The application id of backbeat's databases. */
import { Database } from "bun:sqlite"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { applicationId } from "@backbeat/store/applicationId"
import { hasOurTables } from "@backbeat/store/sqlite/hasOurTables"
import { life } from "../task.ts"
import { ScratchDatabase } from "./ScratchDatabase.ts"

let scratch: ScratchDatabase
beforeEach(() => {
  scratch = new ScratchDatabase()
})
afterEach(() => scratch.remove())

const fill = () => scratch.use((store) => store.record(life("t")))
const idInHeader = (): number => readFileSync(scratch.path).readUInt32BE(68)

describe("a database of backbeat", () => {
  test("has the id in its header, also if it was created without", async () => {
    await fill()
    expect(idInHeader()).toBe(applicationId)
    scratch.alter("PRAGMA application_id = 0")
    expect(idInHeader()).toBe(0)
    await fill()
    expect(idInHeader()).toBe(applicationId)
  })

  test("is recognized by its tables, unlike one of another program", async () => {
    await fill()
    const before = readFileSync(scratch.path)
    expect(await hasOurTables(scratch.path)).toBe(true)
    expect(readFileSync(scratch.path).equals(before)).toBe(true)
    const theirs = `${scratch.path}.theirs`
    const db = new Database(theirs)
    db.run("CREATE TABLE tasks (a)")
    db.close()
    expect(await hasOurTables(theirs)).toBe(false)
    writeFileSync(theirs, "no database")
    expect(await hasOurTables(theirs)).toBeNull()
  })
})
