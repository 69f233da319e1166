import { describe, expect, test } from "bun:test"
import { closeSync, openSync, statSync } from "node:fs"
import { join } from "node:path"
import { signalGroup, signalProcess } from "../../src/process/posix.ts"
import { tryLock } from "../../src/system/libc.ts"
import { makeFifo } from "../../src/system/processes.ts"
import { AttemptRig } from "./AttemptRig.ts"

describe("a file lock", () => {
  test("has one holder and is free again when its file is closed", async () => {
    await using rig = new AttemptRig()
    const path = join(rig.root, "lock")
    const [first, second] = [openSync(path, "a"), openSync(path, "a")]
    expect([tryLock(first), tryLock(second)]).toEqual([true, false])
    closeSync(first)
    expect(tryLock(second)).toBe(true)
    closeSync(second)
    expect(tryLock(second)).toBe(false)
  })
})

test("a FIFO is made once, for the user alone", async () => {
  await using rig = new AttemptRig()
  const path = join(rig.root, "ünicode")
  expect([makeFifo(path), makeFifo(path)]).toEqual([true, false])
  expect(statSync(path).isFIFO()).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test("signals never go to everybody, to init or to the own group", () => {
  for (const id of [-1, 0, 1, 1.5, Number.NaN]) {
    expect(() => signalGroup(id, "SIGTERM")).toThrow(RangeError)
    expect(() => signalProcess(id, "SIGTERM")).toThrow(RangeError)
  }
  expect(signalGroup(2 ** 22 + 1, "SIGTERM")).toBe(false)
})
