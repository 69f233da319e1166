/** Takes mendings back in a copy of the packages, one after the other, and lets the simulator look for each: it has a minute. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { applyEdit, type Mutation, mutations } from "./mutations.ts"

const workspace = join(import.meta.dir, "../../../..")
const seconds = 60

const copyPackages = (): string => {
  const copy = mkdtempSync(join(tmpdir(), "backbeat-mutations-"))
  cpSync(join(workspace, "packages"), join(copy, "packages"), {
    recursive: true,
    verbatimSymlinks: true
  })
  symlinkSync(join(workspace, "node_modules"), join(copy, "node_modules"))
  return copy
}

/** What the simulator says of a mutated copy, and whether it found anything. */
const look = (
  copy: string,
  { edits }: Mutation
): { readonly found: boolean; readonly said: string } => {
  const paths = edits.map(({ file }) => join(copy, "packages/engine/src", file))
  const texts = paths.map((path) => readFileSync(path, "utf8"))
  try {
    for (const [index, edit] of edits.entries()) {
      const path = paths[index] ?? ""
      writeFileSync(path, applyEdit(readFileSync(path, "utf8"), edit))
    }
    const { exitCode, stdout } = Bun.spawnSync(
      [
        process.execPath,
        join(copy, "packages/engine/test/simulator/simulate.ts"),
        "--histories",
        "1000000",
        "--first",
        "--seconds",
        String(seconds)
      ],
      { cwd: copy }
    )
    return {
      found: exitCode === 1,
      said: stdout.toString().trim().split("\n").slice(-3).join("\n  ")
    }
  } finally {
    for (const [index, path] of paths.entries()) writeFileSync(path, texts[index] ?? "")
  }
}

/** Tells of each mutation what the simulator says; whether it found all of them. */
export const proveMutations = async (): Promise<boolean> => {
  const copy = copyPackages()
  let all = true
  try {
    for (const mutation of mutations) {
      const { found, said } = look(copy, mutation)
      all &&= found
      console.log(
        `${found ? "found" : "NOT FOUND"}: ${mutation.name}: ${mutation.wrong}\n  ${said}`
      )
    }
  } finally {
    rmSync(copy, { recursive: true })
  }
  return all
}
