/** Environments are stored once by their text, and no longer than a task has them. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import * as node from "node:fs"
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { environmentsDir, taskDir } from "../../src/home/Home.ts"
import {
  deleteEnvironment,
  environmentPath,
  environmentRollback,
  readEnvironment,
  saveEnvironment
} from "../../src/home/TaskEnvironment.ts"
import { replaceFiles } from "../../src/system/files.ts"
import { beginLife } from "../../src/system/ofProcess.ts"
import { removeUnshared } from "../../src/home/sharedText.ts"

const refuse = (): never => {
  throw Object.assign(new Error("EPERM"), { code: "EPERM" })
}

let root = ""
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "backbeat-environment-"))
})
afterEach(() => rmSync(root, { recursive: true }))

const shared = (): ReadonlyArray<string> =>
  existsSync(environmentsDir(root)) ? readdirSync(environmentsDir(root)) : []
const inodeOf = (id: string): number => statSync(environmentPath(root, id)).ino
const save = (id: string, variables: Record<string, string>, request = "r"): void =>
  saveEnvironment(root, id, request, variables)
const read = (id: string, requestId = "r") => readEnvironment(root, { id, owner: { requestId } })

describe("the environment of a hundred tasks", () => {
  test("is one file, that its user alone may read", () => {
    const ids = Array.from({ length: 100 }, (_, index) => `t${index}`)
    for (const id of ids) save(id, { A: "1" })
    expect(new Set(ids.map(inodeOf)).size).toBe(1)
    expect(shared()).toBeArrayOfSize(1)
    expect(statSync(environmentPath(root, "t0")).mode & 0o777).toBe(0o600)
    expect(statSync(environmentsDir(root)).mode & 0o777).toBe(0o700)
    expect(ids.map((id) => read(id))).toEqual(ids.map(() => ({ A: "1" })))
  })

  test("stays as long as one of them has it, and no longer", () => {
    save("a", { A: "1" })
    save("b", { A: "1" })
    save("c", { A: "2" })
    deleteEnvironment(root, "a")
    expect([read("a"), read("b"), shared().length]).toEqual([null, { A: "1" }, 2])
    deleteEnvironment(root, "b")
    expect(shared()).toBeArrayOfSize(1)
    rmSync(taskDir(root, "c"), { recursive: true })
    expect(removeUnshared(environmentsDir(root))).toBeGreaterThan(0)
    expect(shared()).toEqual([])
  })
})

describe("the environment of a task", () => {
  test("is taken back with all of it when its request is not stored", () => {
    const takeBack = environmentRollback(root, "a", "r")
    save("a", { SECRET: "1" })
    takeBack()
    expect([existsSync(taskDir(root, "a")), shared()]).toEqual([false, []])
  })

  test("is replaced by that of a later request for this task alone, also by the same", () => {
    save("a", { A: "1" }, "r1")
    save("b", { A: "1" }, "r1")
    save("a", { A: "2" }, "r2")
    expect(read("a", "r1")).toEqual({ A: "1" })
    expect(read("a", "r2")).toEqual({ A: "2" })
    expect([read("b", "r1"), shared().length]).toEqual([{ A: "1" }, 2])
    save("b", { A: "2" }, "r3")
    save("b", { A: "2" }, "r4")
    expect([read("b", "r4"), shared().length]).toEqual([{ A: "2" }, 1])
    expect(readdirSync(taskDir(root, "a"))).toEqual(["environment.json"])
  })

  test("is not the damaged one of another task", () => {
    save("a", { A: "1" })
    writeFileSync(environmentPath(root, "a"), "{")
    save("b", { A: "1" })
    expect([read("a"), read("b")]).toEqual([null, { A: "1" }])
    // A later engine knows of no file what it was before.
    writeFileSync(environmentPath(root, "b"), "")
    beginLife()
    save("c", { A: "1" })
    save("d", { A: "1" })
    expect([read("b"), read("c"), inodeOf("c") === inodeOf("d")]).toEqual([null, { A: "1" }, true])
  })

  test("is read from a home of an earlier version, where each task has its own", () => {
    save("a", { A: "1" })
    const own = readFileSync(environmentPath(root, "a"), "utf8")
    rmSync(environmentPath(root, "a"))
    rmSync(environmentsDir(root), { recursive: true })
    writeFileSync(environmentPath(root, "a"), own)
    expect(read("a")).toEqual({ A: "1" })
    deleteEnvironment(root, "a")
    expect(read("a")).toBeNull()
  })

  test("has a file of its own where a file can have one name only", () => {
    replaceFiles({ ...node, linkSync: refuse })
    try {
      for (const id of ["a", "b"]) save(id, { A: "1" })
    } finally {
      replaceFiles(null)
    }
    expect([read("a"), read("b"), shared()]).toEqual([{ A: "1" }, { A: "1" }, []])
    expect(inodeOf("a")).not.toBe(inodeOf("b"))
  })

  test("stays beside what is not backbeat's in the folder", () => {
    save("a", { A: "1" })
    writeFileSync(join(environmentsDir(root), "notes.json"), "")
    removeUnshared(environmentsDir(root))
    expect(shared()).toContain("notes.json")
  })
})
