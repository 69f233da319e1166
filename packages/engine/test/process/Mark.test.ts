/** Whose a process is, by what its environment says. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { isElsewhere, type Mark, readMarks } from "../../src/process/Mark.ts"
import { hasProc, readProcess } from "../../src/process/ProcessTable.ts"

let scratch: string
let home: string
let copy: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "mark-"))
  home = join(scratch, "home")
  copy = join(scratch, "copy")
  mkdirSync(home)
  mkdirSync(copy)
  symlinkSync(home, join(scratch, "link"))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Whether a process with these variables is one of the mark's, and whether it is known to be of another home. */
const judged = async (variables: Readonly<Record<string, string>>, mark: Partial<Mark>) => {
  const child = Bun.spawn(["/bin/sh", "-c", "echo begun; read -r _"], {
    env: { BACKBEAT_TASK_ID: "t", BACKBEAT_ATTEMPT: "1", ...variables },
    stdin: "pipe",
    stdout: "pipe"
  })
  await child.stdout.getReader().read()
  const row = readProcess(child.pid)
  const whole: Mark = { taskId: "t", attempt: 1, home, homeId: "id-of-home", ...mark }
  const found = [row === null ? 0 : readMarks([row])(whole).length, isElsewhere(child.pid, whole)]
  await child.stdin.end()
  await child.exited
  return found
}

const ours = [1, false]
const unknown = [0, false]
const elsewhere = [0, true]

describe.if(hasProc)("a process", () => {
  test("is of the home whose id it carries, whatever path it was given", async () => {
    expect(await judged({ BACKBEAT_HOME_ID: "id-of-home", BACKBEAT_HOME: "/gone" }, {})).toEqual(
      ours
    )
    expect(await judged({ BACKBEAT_HOME_ID: "id-of-copy", BACKBEAT_HOME: home }, {})).toEqual(
      elsewhere
    )
  })

  test("without an id is of the home to whose folder its path leads", async () => {
    expect(await judged({ BACKBEAT_HOME: home }, {})).toEqual(ours)
    expect(await judged({ BACKBEAT_HOME: join(scratch, "link") }, {})).toEqual(ours)
    expect(await judged({ BACKBEAT_HOME: home }, { home: join(scratch, "link") })).toEqual(ours)
    expect(await judged({ BACKBEAT_HOME: copy }, {})).toEqual(elsewhere)
  })

  test("whose path leads nowhere may be of any home: the home may have been moved", async () => {
    expect(await judged({ BACKBEAT_HOME: "/gone" }, {})).toEqual(unknown)
    expect(await judged({}, {})).toEqual(unknown)
  })

  test("of another task or attempt is not the mark's", async () => {
    expect(await judged({ BACKBEAT_HOME: home }, { taskId: "u" })).toEqual(unknown)
    expect(await judged({ BACKBEAT_HOME: home }, { attempt: 2 })).toEqual(unknown)
  })
})
