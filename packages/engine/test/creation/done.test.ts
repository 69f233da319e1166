/** What a call has done is written in one form, and read in every form in which it was written. */
import { expect, test } from "bun:test"
import { readDone, writeDone } from "../../src/creation/done.ts"

const parts = { "0": { id: "web", attempt: 1 }, parts: { id: "parts", attempt: 2 } }
const answer = { id: "web", bytesWritten: 3, cursor: "c1-0-0" }

test("what a call has done is read as it was written", () => {
  for (const done of [{ parts }, { answer }, { answer: null }]) {
    expect(readDone(writeDone(done))).toEqual(done)
  }
})

test("parts and answers of earlier versions are read", () => {
  expect(readDone(JSON.stringify(parts))).toEqual({ parts })
  expect(readDone(JSON.stringify({ ...answer, eof: true, signalled: false }))).toMatchObject({
    answer
  })
  expect(readDone("null")).toEqual({ answer: null })
  expect(readDone("{}")).toEqual({})
})
