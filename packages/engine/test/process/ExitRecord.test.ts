import { describe, expect, test } from "bun:test"
import { parseCommandEnd, parseCpuMs } from "../../src/process/ExitRecord.ts"

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

describe("the CPU time of a command", () => {
  test("is that of the children, behind whatever the shell noted, in any locale", () => {
    expect(parseCpuMs("0m9.001000s 0m0.000000s\n0m1.250000s 1m0.500000s\n")).toBe(61_750)
    expect(parseCpuMs("Killed\n0m0,000s 0m0,000s\n0m0,020s 0m0,003s\n")).toBe(23)
  })

  test("is unknown when the shell told none", () => {
    for (const text of ["", "Killed\n", "Killed\n0m"]) expect(parseCpuMs(text)).toBeNull()
  })
})
