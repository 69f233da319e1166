// A scratch copy of the workspace's fences in which files can be planted.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** The folder of the repository. */
export const root = join(import.meta.dir, "../..")

/** A file to plant: where, and what is in it. */
export interface Plant {
  readonly path: string
  readonly code: string
}

/** What a tool complained of: which rule, in which planted file. */
export interface Complaint {
  readonly path: string
  readonly rule: string
}

/** The folders of all workspace packages, such as `packages/core`. */
export const packageFolders = (): ReadonlyArray<string> =>
  [...new Bun.Glob("{packages,apps}/*/package.json").scanSync({ cwd: root })]
    .map(dirname)
    .toSorted()

const copyPackage = (folder: string, into: string): void => {
  cpSync(join(root, folder, "package.json"), join(into, folder, "package.json"))
  const installed = join(root, folder, "node_modules")
  // The links are relative: in the copy they lead to the packages of the copy.
  if (existsSync(installed))
    cpSync(installed, join(into, folder, "node_modules"), {
      recursive: true,
      verbatimSymlinks: true
    })
}

/** A copy of the workspace without its sources, in which `plants` stand; removed when disposed. */
export const scratchTree = (
  plants: ReadonlyArray<Plant>
): Disposable & { readonly path: string } => {
  const path = mkdtempSync(join(tmpdir(), "backbeat-fences-"))
  for (const file of [
    ".oxlintrc.json",
    "knip.json",
    "package.json",
    "tsconfig.json",
    "tsconfig.base.json"
  ])
    cpSync(join(root, file), join(path, file))
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"))
  for (const folder of packageFolders()) copyPackage(folder, path)
  for (const plant of plants) {
    const file = join(path, plant.path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, plant.code, { flag: "wx" })
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Runs a program of the workspace, given by its path there, with a scratch tree as its working folder. */
export const runIn = (cwd: string, program: string, argv: ReadonlyArray<string>) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [process.execPath, join(root, program), ...argv],
    {
      cwd,
      stdin: "ignore"
    }
  )
  return { exitCode, output: `${stdout}${stderr}` }
}

/** Lints the plants in one run. */
export const lint = (
  plants: ReadonlyArray<Plant>
): { readonly exitCode: number; readonly complaints: ReadonlyArray<Complaint> } => {
  using tree = scratchTree(plants)
  const { exitCode, output } = runIn(tree.path, "node_modules/oxlint/bin/oxlint", [
    "--deny-warnings",
    "--format=unix"
  ])
  const complaints = [
    ...output.matchAll(/^(?<path>[^:\n]+):\d+:\d+: .*\[\w+(?:\/(?<rule>[^\]]+))?\]$/gmu)
  ].map(({ groups }) => ({
    path: groups?.["path"] ?? "",
    rule: groups?.["rule"] ?? ""
  }))
  return { exitCode, complaints }
}
