// Adds an aggregate to a copy of the workspace by a patch, builds it and uses it: what that touches of others is counted.
import { afterAll, beforeAll, expect, test } from "bun:test"
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
const patch = join(import.meta.dir, "note.patch")
/** Without an install: what is installed is linked. */
const builds =
  'const { ok, output } = (await import("./scripts/build.ts")).build(); console.log(output); process.exit(ok ? 0 : 1)'
let copy = ""

const run = (argv: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...argv], {
    cwd: copy,
    env: { ...process.env, ...env }
  })
  return { text: `${stdout}${stderr}`.trim(), exitCode }
}

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
})
afterAll(() => rmSync(copy, { recursive: true }))

test("an aggregate with an operation and a due time touches at most five files of others", () => {
  expect(run(["git", "apply", patch])).toEqual({ text: "", exitCode: 0 })
  const touched = run(["git", "apply", "--numstat", "--reverse", patch]).text.split("\n")
  const removed = touched.map((line) => line.split("\t"))
  const foreign = removed.flatMap(([, , path = ""]) => (existsSync(join(root, path)) ? [path] : []))
  expect(foreign.toSorted()).toEqual([
    "packages/contract/src/names.ts",
    "packages/contract/src/table.ts",
    "packages/core/src/history/RecordedEvent.ts",
    "packages/engine/src/handlers/all.ts",
    "packages/engine/src/supervisor/dueSources.ts"
  ])
})

test("it works on the command line, in help, in the history and on the alarm, and has its place in the name space", async () => {
  const built = run([process.execPath, "-e", builds])
  expect(built).toMatchObject({ exitCode: 0 })
  const home = join(copy, "home")
  const env = { BACKBEAT_HOME: home }
  const backbeat = join(copy, "dist/backbeat")
  const data = (...argv: ReadonlyArray<string>) => JSON.parse(run([backbeat, ...argv], env).text)
  try {
    const note = { id: "n", text: "hi", remindInMs: 200 }
    expect(data("note", "create", JSON.stringify(note)).data).toEqual({
      note: { id: "n", text: "hi" }
    })
    const follow = Bun.spawn(
      [backbeat, "events", '{"types":["note.reminded"],"follow":true}', "--stream"],
      { cwd: copy, env: { ...process.env, ...env }, stdout: "pipe" }
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
    expect(run([backbeat, "note", "create", JSON.stringify(note), "--human"], env).text).toContain(
      "hi"
    )
  } finally {
    run([backbeat, "engine", "stop"], env)
  }
})
