/** Which folders are accepted as a home. */
import { messageOf } from "@backbeat/contract/Envelope"
import { applicationId } from "@backbeat/store/applicationId"
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { judgeFolder } from "../../src/configuration/judgeFolder.ts"

let scratch: string
let root: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "judge-"))
  root = join(scratch, "home")
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

const judge = (
  path = root,
  environment: Readonly<Record<string, string>> = { HOME: "/nonexistent" },
  tables: boolean | null = null
) =>
  judgeFolder(path, {
    environment,
    userFolder: () => environment["HOME"] ?? null,
    hasOurTables: () => Promise.resolve(tables)
  })

const refusal = async (path = root, tables: boolean | null = null): Promise<string> => {
  const verdict = await judge(path, undefined, tables)
  return verdict.kind === "refused" ? messageOf(verdict.problem) : verdict.kind
}

/** The header of a database with an application id. */
const database = (id: number): Buffer => {
  const header = Buffer.alloc(4096)
  header.write("SQLite format 3\0", "latin1")
  header.writeUInt32BE(id, 68)
  return header
}

const fill = (files: Readonly<Record<string, string | Buffer>>, mode = 0o700): void => {
  mkdirSync(root, { mode })
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  chmodSync(root, mode)
}

const isHome = { kind: "home", isOpen: false } as const

describe("a folder that does not exist", () => {
  test("is not reported as a symbolic link when another engine creates it at the same time", async () => {
    const program = `
      const { mkdirSync, rmdirSync } = require("node:fs")
      console.log("up")
      for (;;) { mkdirSync(${JSON.stringify(root)}, { mode: 0o700 }); rmdirSync(${JSON.stringify(root)}) }`
    const maker = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" })
    try {
      await maker.stdout.getReader().read()
      const seen = new Set<string>()
      // The folder may be gone when its content is read: then the engine tries again.
      for (let times = 0; times < 2000; times++) seen.add(await refusal().catch(() => "gone"))
      expect([...seen].filter((each) => !["absent", "home", "gone"].includes(each))).toEqual([])
    } finally {
      maker.kill("SIGKILL")
      await maker.exited
    }
  })

  test("may become a home below an existing folder", async () => {
    expect(await judge()).toEqual({ kind: "absent" })
  })

  test("may become a home with its missing parents below HOME and XDG_STATE_HOME", async () => {
    const deep = join(scratch, "a", "b")
    expect(await refusal(deep)).toContain(`the folder ${join(scratch, "a")} does not exist`)
    expect(await judge(deep, { HOME: scratch })).toEqual({ kind: "absent" })
    expect(await judge(deep, { HOME: "/nonexistent", XDG_STATE_HOME: scratch })).toEqual({
      kind: "absent"
    })
    expect(
      await judge(join(scratch, "state", "backbeat"), {
        HOME: "/nonexistent",
        XDG_STATE_HOME: join(scratch, "state")
      })
    ).toEqual({ kind: "absent" })
    expect(await judge("/backbeat-of-nobody/.local/state/backbeat", { HOME: "/" })).toEqual({
      kind: "absent"
    })
    expect(await judge("/nonexistent/.local/state/backbeat")).toMatchObject({ kind: "refused" })
  })

  test("is rejected if it is a broken symbolic link", async () => {
    symlinkSync("/nonexistent/x", root)
    expect(await refusal()).toContain("a broken symbolic link")
  })
})

describe("a home", () => {
  test("can be an empty folder, and it is reported if it is open to others", async () => {
    fill({})
    expect(await judge()).toEqual(isHome)
    chmodSync(root, 0o755)
    expect(await judge()).toEqual({ kind: "home", isOpen: true })
  })

  test("can be a folder in which an engine was killed during its startup", async () => {
    fill({
      "engine.lock": "",
      "engine.log": "x",
      "engine.json.draft": "",
      "backbeat.db": "",
      "backbeat.db-journal": "x"
    })
    expect(await judge()).toEqual(isHome)
  })

  test("can be a folder with only a configuration file", async () => {
    fill({ "config.json": '{"maxLive":3,"colour":"red"}' })
    expect(await judge()).toEqual(isHome)
    for (const content of ['{"port":3000}', "{ no json", "[]"]) {
      writeFileSync(join(root, "config.json"), content)
      expect(await refusal()).toContain("config.json is not a configuration of backbeat")
    }
  })

  test("can be a folder with a database of backbeat, whatever else it contains", async () => {
    fill({ "backbeat.db": database(applicationId), "notes.md": "x" })
    expect(await judge()).toEqual(isHome)
  })

  test("can be a folder with a database of an earlier version, recognized by its tables", async () => {
    fill({ "backbeat.db": database(0), "notes.md": "x" })
    expect(await judge(root, {}, true)).toEqual(isHome)
    expect(await refusal(root, false)).toContain("is not a database of backbeat")
  })

  test("is still accepted without its database or with a damaged one, if nothing would be changed", async () => {
    fill({
      "engine.lock": "",
      "engine.json": '{"state":"ended","pid":7}',
      "tasks/a/environment.json": "{}",
      "artifacts/x": ""
    })
    expect(await judge()).toEqual(isHome)
    writeFileSync(join(root, "backbeat.db"), "no database")
    expect(await judge()).toEqual(isHome)
    chmodSync(root, 0o755)
    expect(await refusal()).toContain("is not a readable database")
  })

  test("may have the setgid bit of its parent if it is private", async () => {
    fill({}, 0o2700)
    expect(await judge()).toEqual(isHome)
  })
})

describe("a folder that is not backbeat's", () => {
  test("is rejected because of its content, with owner and mode, and not changed", async () => {
    fill({ "tasks/0042/src/notes.md": "x", "artifacts/release.tar": "x" }, 0o755)
    const verdict = await judge()
    const uid = process.getuid?.()
    expect(verdict).toMatchObject({
      kind: "refused",
      problem: {
        type: "CommandInputError",
        retryable: false,
        details: { home: root, owner: uid, mode: "0755" }
      }
    })
    expect(statSync(root).mode & 0o7777).toBe(0o755)
    expect(readdirSync(root).toSorted()).toEqual(["artifacts", "tasks"])
  })

  test("is rejected because of a database of another program", async () => {
    fill({ "backbeat.db": database(7) })
    expect(await refusal()).toContain("is not a database of backbeat")
    writeFileSync(join(root, "backbeat.db"), "text")
    expect(await refusal()).toContain("is not a readable database")
  })

  test("is rejected because of a sticky, setuid or setgid bit", async () => {
    fill({})
    for (const mode of [0o1777, 0o1700, 0o4700, 0o2775]) {
      chmodSync(root, mode)
      expect([mode, await refusal()]).toEqual([
        mode,
        `${root} is not a home of backbeat: it has a sticky, setuid or setgid bit (owner ${process.getuid?.()}, mode ${mode.toString(8)})`
      ])
    }
  })

  test("is rejected if it is the root of the file system, or a file", async () => {
    expect(await refusal("/")).toContain("/ is not a home of backbeat")
    writeFileSync(root, "")
    expect(await refusal()).toContain("it is not a folder")
    expect(await refusal(join(root, "home"))).toContain("does not exist")
  })
})
