import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { gitState, parseGitStatus } from "@backbeat/engine/agent/gitState"
import * as Effect from "effect/Effect"
import { chmodSync, mkdirSync, mkdtempSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "git-state-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const git = async (...args: ReadonlyArray<string>): Promise<void> => {
  const who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
  expect(await Bun.spawn(["git", ...who, ...args], { cwd: folder, stdio: ["ignore", "ignore", "ignore"] }).exited).toBe(0)
}
const write = (name: string, text = "x"): void => writeFileSync(join(folder, name), text)
const look = (cwd = folder) => Effect.runPromise(gitState(cwd, { PATH: process.env["PATH"] ?? "" }))

describe("the state of a work tree", () => {
  test("names branch, commit, and what is changed, staged, renamed, deleted, untracked, whatever the names", async () => {
    await git("init", "-q", "-b", "main")
    for (const name of ["changed", "deleted", "old name"]) write(name, name.repeat(50))
    await git("add", ".")
    await git("commit", "-q", "-m", "first")
    write("changed", "y")
    rmSync(join(folder, "deleted"))
    renameSync(join(folder, "old name"), join(folder, "new name"))
    await git("add", "-A", "old name", "new name")
    write("line\nbreak")
    write("stäged é")
    await git("add", "stäged é")
    const state = await look()
    expect(state?.branch).toBe("main")
    expect(state?.commit).toMatch(/^[0-9a-f]{40}$/u)
    expect([...(state?.dirty ?? [])].toSorted()).toEqual(["changed", "deleted", "line\nbreak", "new name", "stäged é"])
    expect(state?.dirtyCount).toBe(5)
  })

  test("is known below the top of the work tree, before the first commit, and on a detached head", async () => {
    await git("init", "-q", "-b", "main")
    mkdirSync(join(folder, "deep"))
    write("deep/file")
    expect(await look(join(folder, "deep"))).toEqual({ branch: "main", commit: null, dirty: ["deep/file"], dirtyCount: 1 })
    await git("add", ".")
    await git("commit", "-q", "-m", "first")
    await git("checkout", "-q", "--detach")
    expect(await look()).toMatchObject({ branch: null, dirty: [], dirtyCount: 0 })
  })

  test("is null outside of any work tree, in a directory that is gone, and without git", async () => {
    expect(await look()).toBeNull()
    expect(await look(join(folder, "gone"))).toBeNull()
    expect(await Effect.runPromise(gitState(folder, { PATH: folder }))).toBeNull()
  })

  test("lists the first hundred paths and counts all", async () => {
    await git("init", "-q")
    for (let index = 0; index < 130; index++) write(`f${index}`)
    const state = await look()
    expect([state?.dirty.length, state?.dirtyCount]).toEqual([100, 130])
  })

  test("is asked without running the repository's own monitor", async () => {
    await git("init", "-q")
    const ran = join(folder, "ran")
    writeFileSync(join(folder, "hook"), `#!/bin/sh\ntouch '${ran}'\n`)
    chmodSync(join(folder, "hook"), 0o755)
    await git("config", "core.fsmonitor", join(folder, "hook"))
    expect(await look()).not.toBeNull()
    expect(existsSync(ran)).toBe(false)
  })
})

test("a rename's old path is no path of its own", () => {
  const text = "# branch.oid abc\0# branch.head main\x002 R. N... 100644 100644 100644 a b R100 new name\0old name\0? x\0"
  expect(parseGitStatus(text)).toEqual({ branch: "main", commit: "abc", dirty: ["new name", "x"], dirtyCount: 2 })
})
