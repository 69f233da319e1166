import { describe, expect, test } from "bun:test"
import { parseCommandEnd, parseCpuMs, parseRecordedEnd } from "../../src/process/ExitRecord.ts"

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
