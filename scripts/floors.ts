// Holds the folders of the engine to their floors: a folder imports only from floors below its own, never from its neighbours.
// Only some of them make file calls by themselves: what the simulator plays makes those of system/.
// Takes the folder of a workspace as an argument; without one it reads this one.
import { readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { root } from "./workspace.ts"

/** From the ground. Files beside the folders stand on the roof. */
const floors: ReadonlyArray<ReadonlyArray<string>> = [
  ["system", "wiring"],
  ["alarm", "human"],
  ["process"],
  ["home"],
  ["output", "configuration"],
  ["life", "attempt"],
  ["commit"],
  ["call", "queue", "checkpoint"],
  ["agent", "probe", "notify"],
  ["creation", "retention"],
  ["schedule", "loop"],
  ["rules"],
  ["supervisor"],
  ["view"],
  ["logs"],
  ["waiting", "doctor"],
  ["steering"],
  ["handlers"],
  ["server"]
]

/** Folders of which nothing is played by the simulator, and the ground itself. */
const withOwnFiles: ReadonlySet<string> = new Set(["system", "life", "doctor", "queue", "server"])

const engine = "packages/engine/src"
const imported = /(?:\bfrom|\bimport\()\s*"(?<path>\.[^"]+)"/gu

const folderOf = (path: string): string | null => {
  const [folder, file] = path.split("/")
  return folder === undefined || file === undefined ? null : folder
}

/** Which floor a folder is on; -1 when it has none. */
const floorOf = (folder: string | null): number =>
  folder === null ? floors.length : floors.findIndex((floor) => floor.includes(folder))

const complaintsOf = (path: string, text: string): ReadonlyArray<string> => {
  const folder = folderOf(path)
  const floor = floorOf(folder)
  if (floor < 0)
    return [`${engine}/${path}: the folder ${folder} has no floor in scripts/floors.ts`]
  const files =
    folder !== null && !withOwnFiles.has(folder) && text.includes('from "node:fs"')
      ? [
          `${engine}/${path}: ${folder} must not import node:fs: it makes the calls of system/files.ts`
        ]
      : []
  const above = [...text.matchAll(imported)].flatMap(({ groups }) => {
    const target = normalize(join(dirname(path), groups?.["path"] ?? ""))
    const other = folderOf(target)
    return other === folder || floorOf(other) < floor
      ? []
      : [`${engine}/${path}: ${folder} must not import ${target}: it is not on a lower floor`]
  })
  return [...files, ...above]
}

const workspace = process.argv[2] ?? root
const paths = [...new Bun.Glob("**/*.ts").scanSync({ cwd: join(workspace, engine) })].toSorted()
const complaints = paths.flatMap((path) =>
  complaintsOf(path, readFileSync(join(workspace, engine, path), "utf8"))
)
for (const each of complaints) console.log(each)
process.exitCode = complaints.length === 0 ? 0 : 1
