import { describe, expect, test } from "bun:test"
import * as node from "node:fs"
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { recordPath } from "../../src/process/AttemptRecord.ts"
import { replaceFiles } from "../../src/system/files.ts"
import {
  parseCommandEnd,
  parseCpuMs,
  parseRecordedEnd,
  readExitRecord
} from "../../src/process/ExitRecord.ts"

describe("an exit record", () => {
  test("counts only with its closing newline", () => {
    const text = "end 1 exited 0\n"
    expect(parseCommandEnd(text)).toEqual({ kind: "exited", code: 0 })
    for (let length = 0; length < text.length; length++)
      expect(parseCommandEnd(text.slice(0, length))).toBeNull()
  })

  test("names the signal", () => {
    expect(parseCommandEnd("end 1 signalled 137\n")).toEqual({
      kind: "signalled",
      signal: "SIGKILL"
    })
    expect(parseCommandEnd("end 1 signalled 134\n")).toEqual({
      kind: "signalled",
      signal: "SIGABRT"
    })
    expect(parseCommandEnd("end 1 signalled 162\n")).toEqual({ kind: "signalled", signal: "SIG34" })
  })
})

describe("the end in a record", () => {
  test("counts only with its closing newline, and as the last line", () => {
    const text = "0m0.00s 0m0.00s\n0m0.00s 0m0.00s\nend 2 0\n"
    expect(parseRecordedEnd(text)).toEqual({ kind: "exited", code: 0 })
    for (let length = 0; length < text.length; length++)
      expect(parseRecordedEnd(text.slice(0, length))).toBeNull()
    expect(parseRecordedEnd(`${text}more\n`)).toBeNull()
  })

  test("is by a signal when the shell has said something, or was interrupted", () => {
    const times = "0m0.00s 0m0.00s\n0m0.00s 0m0.00s\n"
    const terminated = { kind: "signalled", signal: "SIGTERM" } as const
    expect(parseRecordedEnd(`Terminated\n${times}end 2 143\n`)).toEqual(terminated)
    expect(parseRecordedEnd(`${times}end 2 143\n`)).toEqual({ kind: "exited", code: 143 })
    expect(parseRecordedEnd(`unspawned\n${times}end 2 127\n`)).toEqual({
      kind: "exited",
      code: 127
    })
    expect(parseRecordedEnd(`Quit\n${times}end 2 3\n`)).toEqual({ kind: "exited", code: 3 })
    expect(parseRecordedEnd(`${times}end 2 130\n`)).toEqual({ kind: "exited", code: 130 })
    expect(parseRecordedEnd(`${times}end 2 130 interrupted\n`)).toEqual({
      kind: "signalled",
      signal: "SIGINT"
    })
  })
})

describe("the CPU time of a command", () => {
  test("is that of the children, behind whatever the shell noted, in any locale", () => {
    expect(parseCpuMs("0m9.001000s 0m0.000000s\n0m1.250000s 1m0.500000s\n")).toBe(61_750)
    expect(parseCpuMs("Killed\n0m0,000s 0m0,000s\n0m0,020s 0m0,003s\n")).toBe(23)
  })

  test("is unknown when the shell told none", () => {
    for (const text of ["", "Killed\n", "Killed\n0m"]) expect(parseCpuMs(text)).toBeNull()
  })
})

describe("a record that is written while it is read", () => {
  test("is not told with the time of an earlier writing", () => {
    const dir = mkdtempSync(join(tmpdir(), "backbeat-record-"))
    const path = recordPath(dir)
    writeFileSync(path, `shim 4242 1 1000 boot\n${" ".repeat(200)}\n`)
    node.utimesSync(path, 1, 1)
    let calls = 0
    const beforeSecond = (): void => {
      if (++calls === 2) appendFileSync(path, "end 2 0\n")
    }
    try {
      replaceFiles({
        ...node,
        readSync: (fd, into, ...[offset, length, position]) => {
          beforeSecond()
          return node.readSync(fd, into, offset, length, position)
        },
        fstatSync: (fd) => {
          beforeSecond()
          return node.fstatSync(fd)
        }
      })
      expect(readExitRecord(dir)?.endedAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(1000)
      expect(calls).toBeGreaterThan(1)
    } finally {
      replaceFiles(null)
      rmSync(dir, { recursive: true })
    }
  })
})
