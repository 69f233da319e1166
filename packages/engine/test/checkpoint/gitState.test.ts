import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { filterNames, gitState, parseGitStatus } from "@backbeat/engine/checkpoint/gitState"
import * as Effect from "effect/Effect"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "git-state-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const git = async (...args: ReadonlyArray<string>): Promise<void> => {
  const who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
  expect(
    await Bun.spawn(["git", ...who, ...args], {
      cwd: folder,
      stdio: ["ignore", "ignore", "ignore"]
    }).exited
  ).toBe(0)
}
const at = (cwd: string, ...args: ReadonlyArray<string>): Promise<void> => git("-C", cwd, ...args)
const write = (name: string, text = "x"): void => writeFileSync(join(folder, name), text)
const look = (cwd = folder) => Effect.runPromise(gitState(cwd, { PATH: process.env["PATH"] ?? "" }))

describe("the state of a work tree", () => {
  test("has branch, commit, and all changed, staged, renamed, deleted and untracked paths, whatever their names", async () => {
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
    expect([...(state?.dirty ?? [])].toSorted()).toEqual([
      "changed",
      "deleted",
      "line\nbreak",
      "new name",
      "stäged é"
    ])
    expect(state?.dirtyCount).toBe(5)
  })

  test("is found in a subdirectory, before the first commit, and on a detached head", async () => {
    await git("init", "-q", "-b", "main")
    mkdirSync(join(folder, "deep"))
    write("deep/file")
    expect(await look(join(folder, "deep"))).toEqual({
      branch: "main",
      commit: null,
      dirty: ["deep/file"],
      dirtyCount: 1
    })
    await git("add", ".")
    await git("commit", "-q", "-m", "first")
    await git("checkout", "-q", "--detach")
    expect(await look()).toMatchObject({ branch: null, dirty: [], dirtyCount: 0 })
  })

  test("is null outside of a work tree, in a deleted directory, and without git", async () => {
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
})

/**
 * A repository that configures programs, each of which records that it ran. Its only file must be
 * compared by content.
 */
const plant = async (
  settings: (program: string) => ReadonlyArray<readonly [key: string, value: string]>,
  attributes = ""
) => {
  const ran = join(folder, "ran")
  const program = join(folder, ".git", "program")
  await git("init", "-q", "-b", "main")
  write("file", "first")
  write(".gitattributes", attributes)
  await git("add", "file", ".gitattributes")
  await git("commit", "-q", "-m", "first")
  writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> '${ran}'\ncat\n`)
  chmodSync(program, 0o755)
  for (const [key, value] of settings(program)) await git("config", key, value)
  // Of the same size, so that only the content shows the change.
  write("file", "other")
  // With another time than in the index, but unchanged: git then writes its index, which has a
  // hook.
  utimesSync(join(folder, ".gitattributes"), 1e9, 1e9)
  return {
    ran: () => existsSync(ran),
    unguarded: () => Bun.spawnSync(["git", "status"], { cwd: folder, timeout: 5000 })
  }
}

describe("a repository that configures programs", () => {
  test.each([
    [
      "a clean filter",
      (program: string) => [
        ["filter.evil.clean", program],
        ["filter.evil.required", "true"]
      ],
      "* filter=evil\n"
    ],
    [
      "a filter process",
      (program: string) => [
        ["filter.evil.process", program],
        ["filter.evil.required", "true"]
      ],
      "* filter=evil\n"
    ],
    [
      "a filter with a file's name",
      (program: string) => [["filter.evil.clean", `${program} %f`]],
      "* text filter=evil\n"
    ],
    ["a file system monitor", (program: string) => [["core.fsmonitor", program]], ""],
    ["a hook", (program: string) => [["core.hooksPath", join(program, "..", "hooks")]], ""]
  ] as const)("has none of them run: %s", async (_, settings, attributes) => {
    const { ran, unguarded } = await plant(
      (program) => settings(program).map(([key = "", value = ""]) => [key, value]),
      attributes
    )
    const hook = join(folder, ".git", "hooks", "post-index-change")
    writeFileSync(hook, `#!/bin/sh\ntouch '${join(folder, "ran")}'\n`)
    chmodSync(hook, 0o755)
    expect(await look()).toMatchObject({ branch: "main", dirty: ["file"], dirtyCount: 1 })
    expect(ran()).toBe(false)
    unguarded()
    expect(ran()).toBe(true)
  })

  test("does not get them run by git status: diff tools, pagers, editors, transports, aliases", async () => {
    const keys = [
      "diff.external",
      "diff.evil.command",
      "diff.evil.textconv",
      "core.pager",
      "pager.status",
      "core.editor",
      "core.sshCommand",
      "core.askPass",
      "core.gitProxy",
      "core.alternateRefsCommand",
      "credential.helper",
      "gpg.program",
      "alias.status",
      "merge.evil.driver",
      "interactive.diffFilter",
      "uploadpack.packObjectsHook",
      "remote.origin.uploadpack",
      "sequence.editor"
    ]
    const { ran } = await plant(
      (program) => keys.map((key) => [key, key.startsWith("alias") ? `!${program}` : program]),
      "* diff=evil merge=evil\n"
    )
    for (const [key, value] of [
      ["status.submoduleSummary", "true"],
      ["status.renames", "copies"],
      ["log.showSignature", "true"]
    ] as const)
      await git("config", key, value)
    expect(await look()).toMatchObject({ dirty: ["file"] })
    expect(ran()).toBe(false)
  })

  test.each(["evil", "Evil.name", "a b", "ü", "x.clean"])(
    "has no filter run, whatever its name and wherever it is defined: %j",
    async (name) => {
      const section = `[filter ${JSON.stringify(name)}]\n\tclean = `
      const { ran, unguarded } = await plant((program) => {
        writeFileSync(join(folder, ".git", "more"), `${section}${program}\n`)
        return [
          ["include.path", "more"],
          ["extensions.worktreeConfig", "true"]
        ]
      })
      writeFileSync(
        join(folder, ".git", "info", "attributes"),
        `* ${JSON.stringify(`filter=${name}`).slice(1, -1)}\n`
      )
      expect(await look()).toMatchObject({ dirty: ["file"] })
      expect(ran()).toBe(false)
      unguarded()
      // The name of an attribute must not contain a space.
      expect(ran()).toBe(!name.includes(" "))
    }
  )

  test("is not read when one of its filters cannot be disabled", async () => {
    const { ran } = await plant((program) => [["filter.a=b.clean", program]], "* filter=a=b\n")
    expect(await look()).toBeNull()
    expect(ran()).toBe(false)
    expect(filterNames("user.name\0filter.\uFFFD.clean\0")).toBeNull()
    expect(
      filterNames(
        "user.name\0filter.lfs.clean\0filter.lfs.process\0filter.a.b.required\0core.filter\0"
      )
    ).toEqual(["lfs", "a.b"])
  })

  test("does not get a program of its submodule run", async () => {
    const ran = join(folder, "ran")
    const program = join(folder, "program")
    writeFileSync(program, `#!/bin/sh\ntouch '${ran}'\ncat\n`)
    chmodSync(program, 0o755)
    const inner = join(folder, "outer", "inner")
    mkdirSync(inner, { recursive: true })
    await at(inner, "init", "-q")
    writeFileSync(join(inner, "file"), "first")
    writeFileSync(join(inner, ".gitattributes"), "* filter=evil\n")
    await at(inner, "add", ".")
    await at(inner, "commit", "-q", "-m", "first")
    await at(join(inner, ".."), "init", "-q")
    await at(join(inner, ".."), "add", "inner")
    await at(join(inner, ".."), "commit", "-q", "-m", "outer")
    for (const key of ["filter.evil.clean", "core.fsmonitor"])
      await at(inner, "config", key, program)
    writeFileSync(join(inner, "file"), "other")
    expect(await look(join(inner, ".."))).toMatchObject({ dirtyCount: 0 })
    expect(existsSync(ran)).toBe(false)
    Bun.spawnSync(["git", "status"], { cwd: join(inner, ".."), timeout: 5000 })
    expect(existsSync(ran)).toBe(true)
  })
})

test("the old path of a rename is not listed", () => {
  const text =
    "# branch.oid abc\0# branch.head main\x002 R. N... 100644 100644 100644 a b R100 new name\0old name\0? x\0"
  expect(parseGitStatus(text)).toEqual({
    branch: "main",
    commit: "abc",
    dirty: ["new name", "x"],
    dirtyCount: 2
  })
})
