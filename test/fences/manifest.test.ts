// A package sees only what its manifest names (the isolated linker), and its manifest names only what its room may.
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { packageFolders, root, runIn, scratchTree } from "./Plant.ts"

// The table of rooms in docs/architecture.md, as manifests have to keep it.
const mayDependOn: Record<string, ReadonlyArray<string>> = {
  core: [],
  contract: ["core"],
  agents: ["core"],
  store: ["core"],
  engine: ["core", "contract", "agents", "store"],
  client: ["contract"],
  mcp: ["contract", "client"],
  opencode: ["contract", "client"],
  dashboard: ["contract", "client"],
  cli: ["core", "contract", "agents", "store", "engine", "client", "mcp", "dashboard"]
}

const namesIn = (section: unknown): ReadonlyArray<string> =>
  typeof section === "object" && section !== null
    ? Object.keys(section)
        .filter((name) => name.startsWith("@backbeat/"))
        .map((name) => name.slice("@backbeat/".length))
    : []

const readRoom = (folder: string) => {
  const manifest: unknown = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))
  const section = (key: string): unknown =>
    typeof manifest === "object" && manifest !== null
      ? Object.entries(manifest).find(([name]) => name === key)?.[1]
      : undefined
  return {
    folder,
    name: folder.replace(/^.*\//u, ""),
    named: namesIn(section("dependencies")),
    namedForTests: namesIn(section("devDependencies"))
  }
}

const rooms = packageFolders().map(readRoom)

describe("the manifest of a room", () => {
  for (const { name, named } of rooms) {
    test(`names nothing that ${name} may not import`, () => {
      expect(Object.keys(mayDependOn)).toContain(name)
      expect(named.filter((other) => !mayDependOn[name]?.includes(other))).toEqual([])
    })
  }
})

describe("the type check", () => {
  const crossings = rooms.flatMap((from) =>
    rooms
      .filter((to) => to !== from)
      .map((to) => ({
        path: `${from.folder}/src/plantedTo_${to.name}.ts`,
        code: `import { planted } from "@backbeat/${to.name}/planted";\nexport const crossing = planted;\n`,
        named: from.named.includes(to.name) || from.namedForTests.includes(to.name)
      }))
  )
  const targets = rooms.map(({ folder }) => ({
    path: `${folder}/src/planted.ts`,
    code: "export const planted = 1;\n"
  }))
  using tree = scratchTree([...targets, ...crossings])
  const { output } = runIn(tree.path, "node_modules/typescript/bin/tsc", [
    "--noEmit",
    "-p",
    ".",
    "--pretty",
    "false"
  ])
  const refused = new Set(
    [...output.matchAll(/^([^(\n]+)\(\d+,\d+\): error TS2307:/gmu)].map((match) => match[1])
  )

  test("refuses an import of each package that the manifest does not name", () => {
    expect(crossings.filter(({ path, named }) => !named && !refused.has(path))).toEqual([])
  })

  test("accepts an import of each package that the manifest names", () => {
    expect(crossings.filter(({ path, named }) => named && refused.has(path))).toEqual([])
    expect(crossings.some(({ named }) => named)).toBe(true)
  })
})
