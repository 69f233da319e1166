// Plants an import that goes up, one to a neighbour and a folder without a floor into the engine, and expects each to be named.
import { expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { root } from "./Plant.ts"

const floors = (files: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const workspace = mkdtempSync(join(tmpdir(), "backbeat-floors-"))
  try {
    for (const [path, text] of Object.entries(files)) {
      const full = join(workspace, "packages/engine/src", path)
      mkdirSync(dirname(full), { recursive: true })
      writeFileSync(full, text)
    }
    const { stdout } = Bun.spawnSync([process.execPath, "scripts/floors.ts", workspace], {
      cwd: root
    })
    return stdout.toString().split("\n").filter(Boolean)
  } finally {
    rmSync(workspace, { recursive: true })
  }
}

const importing = (path: string): string =>
  `import { planted } from "${path}"\nexport { planted }\n`

test("a folder of the engine imports from lower floors only", () => {
  expect(
    floors({
      "commit/Down.ts": importing("../process/Fine.ts"),
      "commit/Up.ts": importing("../handlers/start.ts"),
      "queue/Beside.ts": importing("../call/Call.ts"),
      "view/Later.ts": 'export const later = () => import("../server/Server.ts")\n',
      "commit/Own.ts": importing("./Other.ts"),
      "Engine.ts": importing("./server/Server.ts")
    })
  ).toEqual([
    "packages/engine/src/commit/Up.ts: commit must not import handlers/start.ts: it is not on a lower floor",
    "packages/engine/src/queue/Beside.ts: queue must not import call/Call.ts: it is not on a lower floor",
    "packages/engine/src/view/Later.ts: view must not import server/Server.ts: it is not on a lower floor"
  ])
})

test("a folder without a floor is named", () => {
  expect(floors({ "cellar/Thing.ts": "export const thing = 1\n" })).toEqual([
    "packages/engine/src/cellar/Thing.ts: the folder cellar has no floor in scripts/floors.ts"
  ])
})

test("what the simulator plays makes no file calls of its own", () => {
  const files = 'import { openSync } from "node:fs"\nexport { openSync }\n'
  expect(floors({ "process/Own.ts": files, "life/Own.ts": files })).toEqual([
    "packages/engine/src/process/Own.ts: process must not import node:fs: it makes the calls of system/files.ts"
  ])
})
