/** The result of a call is stored in one form, and read in all earlier forms. */
import { expect, test } from "bun:test"
import { readDone, writeDone } from "../../src/creation/done.ts"

const parts = { "0": { id: "web", attempt: 1 }, parts: { id: "parts", attempt: 2 } }
const answer = { id: "web", bytesWritten: 3, cursor: "c1-0-0" }

test("a stored result is read as it was written", () => {
  for (const done of [{ parts }, { answer }, { answer: null }]) {
    expect(readDone(writeDone(done))).toEqual(done)
  }
})

test("results stored by earlier versions are read", () => {
  expect(readDone(JSON.stringify(parts))).toEqual({ parts })
  expect(readDone(JSON.stringify({ ...answer, eof: true, signalled: false }))).toMatchObject({
    answer
  })
  expect(readDone("null")).toEqual({ answer: null })
  expect(readDone("{}")).toEqual({})
})
