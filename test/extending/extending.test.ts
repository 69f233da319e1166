// Adds an aggregate and an operation to a copy of the workspace, each by a patch, builds it and uses them: what that touches of others is counted.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { filesOf } from "../../scripts/workspace.ts"
import { packageFolders, root } from "../fences/Plant.ts"

const sources = [
  "{package.json,bun.lock,bunfig.toml}",
  "tsconfig*.json",
  "scripts/**",
  "{packages,apps}/*/package.json",
  "{packages,apps}/*/src/**"
]
const patches = {
  aggregate: join(import.meta.dir, "note.patch"),
  operation: join(import.meta.dir, "greet.patch")
} as const
/** Without an install: what is installed is linked. */
const builds = `
  await (await import("./scripts/docs.ts")).writePages(".")
  const { ok, output } = (await import("./scripts/build.ts")).build()
  console.log(output)
  process.exit(ok ? 0 : 1)`
let copy = ""
let home = ""

const run = (argv: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...argv], {
    cwd: copy,
    env: { ...process.env, ...env }
  })
  return { text: `${stdout}${stderr}`.trim(), exitCode }
}

/** The files of others that a patch changes. */
const changedBy = (patch: string): ReadonlyArray<string> => {
  const touched = run(["git", "apply", "--numstat", "--reverse", patch]).text.split("\n")
  return touched
    .map((line) => line.split("\t")[2] ?? "")
    .filter((path) => existsSync(join(root, path)))
    .toSorted()
}

const backbeat = (argv: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  run([join(copy, "dist/backbeat"), ...argv], { BACKBEAT_HOME: home, ...env }).text
const data = (...argv: ReadonlyArray<string>) => JSON.parse(backbeat(argv))

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "backbeat-extending-"))
  for (const path of filesOf(sources)) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    cpSync(join(root, path), join(copy, path))
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
  for (const folder of packageFolders()) {
    const installed = join(root, folder, "node_modules")
    // The links are relative: in the copy they lead to the packages of the copy.
    if (existsSync(installed))
      cpSync(installed, join(copy, folder, "node_modules"), {
        recursive: true,
        verbatimSymlinks: true
      })
  }
  home = join(copy, "home")
  for (const patch of Object.values(patches))
    expect(run(["git", "apply", patch])).toEqual({ text: "", exitCode: 0 })
  expect(run([process.execPath, "-e", builds])).toMatchObject({ exitCode: 0 })
})
afterAll(() => {
  backbeat(["engine", "stop"])
  rmSync(copy, { recursive: true })
})

describe("an aggregate with an operation and a due time", () => {
  test("touches at most four files of others", () => {
    expect(changedBy(patches.aggregate)).toEqual([
      "packages/contract/src/table.ts",
      "packages/core/src/history/RecordedEvent.ts",
      "packages/engine/src/handlers/all.ts",
      "packages/engine/src/supervisor/dueSources.ts"
    ])
  })

  test("works on the command line, in help, in the history and on the alarm, and has its place in the name space", async () => {
    const note = { id: "n", text: "hi", remindInMs: 200 }
    expect(data("note", "create", JSON.stringify(note)).data).toEqual({
      note: { id: "n", text: "hi" }
    })
    const follow = Bun.spawn(
      [
        join(copy, "dist/backbeat"),
        "events",
        '{"types":["note.reminded"],"follow":true}',
        "--stream"
      ],
      { cwd: copy, env: { ...process.env, BACKBEAT_HOME: home }, stdout: "pipe" }
    )
    const frames = follow.stdout.getReader()
    const { value } = await frames.read()
    follow.kill()
    expect(JSON.parse(new TextDecoder().decode(value).split("\n")[0] ?? "")).toMatchObject({
      type: "note.reminded",
      noteId: "n",
      data: { remindedAt: expect.stringMatching(/^\d{4}-/u) }
    })
    expect(data("note", "create", '{"id":"n"}').error).toMatchObject({ message: "text is missing" })
    expect(data("help", "note", "create").data).toMatchObject({ operation: "note create" })
    expect(data("start", '{"id":"n","command":"true"}').error).toMatchObject({
      message: "id: n is the id of a note"
    })
    expect(backbeat(["note", "create", JSON.stringify(note), "--human"])).toContain("hi")
  })
})

describe("an operation", () => {
  test("is one row and its handler: each has one line in the table of its kind", () => {
    expect(changedBy(patches.operation)).toEqual([
      "packages/contract/src/table.ts",
      "packages/engine/src/handlers/all.ts"
    ])
  })

  test("is on the command line what its row says: its bare word, its environment, its errors", () => {
    const greeted = JSON.parse(backbeat(["greet", "Ann"], { GREETING: "Good morning," }))
    expect(greeted).toEqual({
      ok: true,
      command: "greet",
      data: { taskId: "greet", lines: ["Good morning, Ann"] }
    })
    expect(data("greet").error).toMatchObject({ message: "who is missing" })
    expect(data("greet", "Ann", "--wait").error.message).toContain("--wait")
    expect(data("great").error.message).toBe("unknown command great; did you mean greet?")
  })

  test("is printed for people in the form that its row names", () => {
    expect(backbeat(["greet", "Ann", "--human"])).toBe("Hello Ann")
  })

  test("is in help, in the schemas, in the examples and among the capabilities", () => {
    expect(data("help").data.operations).toContainEqual({
      name: "greet",
      summary: "Greet somebody."
    })
    expect(data("help", "greet").data).toMatchObject({
      usage: "backbeat greet [payload | <who>] [flags]",
      fields: [{ name: "who", required: true, description: "who is greeted" }],
      errors: ["CommandInputError"]
    })
    expect(data("schema", "show", "greet").data).toMatchObject({
      schema_id: "backbeat.greet.input/v1",
      schema: { required: ["who"], additionalProperties: false }
    })
    expect(data("examples", "show", "greet").data.examples).toEqual([
      { title: "a friend", payload: { who: "Ann" }, call: `backbeat greet '{"who":"Ann"}'` }
    ])
    expect(data("capabilities").data.operations).toContain("greet")
  })
})
