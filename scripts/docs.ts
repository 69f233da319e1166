// Prints docs/lifecycle.md, docs/contract.md and the light columns of the table from the code. With --check it writes nothing and fails when one differs.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { install, root } from "./workspace.ts"

interface Page {
  /** Its path in the repository. */
  readonly name: string
  readonly text: string
}

// Loaded late: on a clean clone the packages are there only after `install`.
const print = async (): Promise<ReadonlyArray<Page>> => {
  // oxlint-disable-next-line no-restricted-imports -- were the packages named in the root's manifest, each could import every other
  const { lifecyclePage } = await import("../packages/core/src/lifecyclePage.ts")
  // oxlint-disable-next-line no-restricted-imports -- were the packages named in the root's manifest, each could import every other
  const { reference } = await import("../packages/contract/src/reference.ts")
  // oxlint-disable-next-line no-restricted-imports -- were the packages named in the root's manifest, each could import every other
  const { printRows } = await import("../packages/contract/src/printRows.ts")
  // oxlint-disable-next-line no-restricted-imports -- were the packages named in the root's manifest, each could import every other
  const { operations } = await import("../packages/contract/src/table.ts")
  return [
    { name: "docs/lifecycle.md", text: lifecyclePage() },
    { name: "docs/contract.md", text: reference() },
    { name: "packages/contract/src/printedRows.ts", text: printRows(Object.values(operations)) }
  ]
}

const read = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}

/** The names of the pages in `folder` that are missing or not what the code prints. */
export const stalePages = async (folder: string): Promise<ReadonlyArray<string>> =>
  (await print())
    .filter(({ name, text }) => read(join(folder, name)) !== text)
    .map(({ name }) => name)

/** Writes every page into `folder`. */
export const writePages = async (folder: string): Promise<void> => {
  for (const { name, text } of await print()) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

if (import.meta.main) {
  install()
  const stale = await stalePages(root)
  const checking = process.argv.includes("--check")
  if (!checking) await writePages(root)
  console.log(
    stale.length === 0
      ? "docs are current"
      : `${checking ? "not what the code prints, run `bun run docs`" : "written"}: ${stale.join(", ")}`
  )
  process.exitCode = checking && stale.length > 0 ? 1 : 0
}
