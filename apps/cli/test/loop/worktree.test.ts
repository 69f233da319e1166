/** Loops that work in a worktree of their own, on the binary and the real git. */
import { describe, expect, test } from "bun:test"
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { LoopRig } from "./LoopRig.ts"

const optimize = {
  id: "l",
  strategy: "optimize",
  evalDirection: "maximize",
  exitCondition: "cat score",
  git: { worktree: true }
}

/** All that a person sees of a repository: files, index and state; with the refs unless they are to change. */
const seen = (folder: string, rig: LoopRig): ReadonlyArray<string> => {
  const files: Array<string> = []
  const walk = (dir: string): void => {
    for (const name of readdirSync(dir)) {
      const path = join(dir, name)
      if (name === ".git") continue
      const stat = lstatSync(path)
      if (stat.isDirectory()) walk(path)
      else
        files.push(`${path} ${stat.mtimeMs} ${stat.isFile() ? readFileSync(path, "utf8") : "link"}`)
    }
  }
  walk(folder)
  return [
    ...files.toSorted(),
    rig.git(["--no-optional-locks", "status", "--porcelain=v2", "--branch"], folder),
    readFileSync(
      rig.git(["rev-parse", "--path-format=absolute", "--git-path", "index"], folder),
      "latin1"
    ),
    rig.git(["stash", "list"], folder)
  ]
}

describe("a loop in a worktree", () => {
  test("keeps the best of eight, whose commit is on its branch, and every other one stays reachable", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n", "keep.txt": "k\n" })
    const loop = await rig.ended({
      ...optimize,
      script: "cat score >>seen; echo $(( BACKBEAT_ITERATION * 7 % 5 )) >score",
      maxIterations: 8
    })
    expect(loop).toMatchObject({ status: "completed", bestScore: 4, bestIteration: 2 })
    const iterations = await rig.iterations("l")
    expect(iterations.map(({ result, score }) => `${result} ${score}`)).toEqual([
      "keep 2",
      "keep 4",
      "discard 1",
      "discard 3",
      "discard 0",
      "discard 2",
      "discard 4",
      "discard 1"
    ])
    expect(loop.git).toMatchObject({ branch: "backbeat/l", commit: iterations[1]?.commit })
    expect(rig.git(["show", "backbeat/l:score"])).toBe("4")
    expect(rig.git(["show", "backbeat/l:seen"])).toBe("0\n2")
    for (const { number, commit = "", score } of iterations)
      expect([
        rig.git(["rev-parse", `refs/backbeat/l/${number}`]),
        rig.git(["show", `${commit}:score`])
      ]).toEqual([commit, String(score)])
    // Each began at the best one before it.
    expect(rig.git(["rev-parse", `${iterations[5]?.commit}^`])).toBe(iterations[1]?.commit ?? "")
  }, 60_000)

  test("never touches the tree from which it was started: edits, untracked files, a detached head", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n", "a.txt": "a\n", ".gitignore": "ignored\n" })
    rig.git(["checkout", "-q", "--detach"])
    rig.write("a.txt", "edited\n")
    rig.write("staged.txt", "staged\n")
    rig.git(["add", "staged.txt"])
    rig.write("untracked.txt", "u\n")
    rig.write("ignored", "i\n")
    const before = seen(rig.work, rig)
    const loop = await rig.ended({
      ...optimize,
      script:
        "[ ! -e a.txt ] || cat a.txt >was; rm -f a.txt; ls >names; echo $BACKBEAT_ITERATION >score; git commit -q --allow-empty -m mine || true",
      maxIterations: 3
    })
    expect(loop.bestScore).toBe(3)
    expect(rig.git(["show", "backbeat/l:was"])).toBe("a")
    expect(rig.git(["show", "backbeat/l:names"])).not.toContain("untracked.txt")
    expect(seen(rig.work, rig)).toEqual(before)
  }, 60_000)

  test("starts from uncommitted changes when that is asked for, and leaves them where they are", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n", "a.txt": "a\n" })
    rig.write("a.txt", "edited\n")
    rig.write("staged.txt", "staged\n")
    rig.git(["add", "staged.txt"])
    rig.write("untracked.txt", "u\n")
    const before = seen(rig.work, rig)
    await rig.ended({
      ...optimize,
      script: "cat a.txt staged.txt >was; ls >names; echo 1 >score",
      git: { worktree: true, includeUncommitted: true },
      maxIterations: 1
    })
    expect(rig.git(["show", "backbeat/l:was"])).toBe("edited\nstaged")
    expect(rig.git(["show", "backbeat/l:names"])).not.toContain("untracked.txt")
    expect(seen(rig.work, rig)).toEqual(before)
  }, 60_000)

  test("leaves submodules as they are", async () => {
    await using rig = new LoopRig()
    const inner = join(rig.scratch, "inner")
    mkdirSync(inner)
    rig.git(["init", "-q"], inner)
    rig.git(["commit", "-q", "--allow-empty", "-m", "inner"], inner)
    rig.repository({ score: "0\n" })
    rig.git(["-c", "protocol.file.allow=always", "submodule", "add", "-q", inner, "sub"])
    rig.git(["commit", "-q", "-m", "sub"])
    writeFileSync(join(rig.work, "sub", "new.txt"), "n")
    const before = seen(rig.work, rig)
    const loop = await rig.ended({ ...optimize, script: "echo 1 >score", maxIterations: 2 })
    expect(loop.status).toBe("completed")
    expect(seen(rig.work, rig)).toEqual(before)
    expect(rig.git(["ls-tree", "backbeat/l", "sub"])).toBe(rig.git(["ls-tree", "HEAD", "sub"]))
  }, 60_000)

  test("is refused where there is no repository, no commit, or the branch is taken", async () => {
    await using rig = new LoopRig()
    const create = (more: object) =>
      rig.refusal(["loop", "create", JSON.stringify({ ...optimize, script: "true", ...more })], {
        cwd: rig.work,
        env: rig.agents.env
      })
    expect((await create({})).message).toContain("not a git repository")
    rig.git(["init", "-q", "-b", "main"])
    expect((await create({})).message).toContain("no commit")
    rig.git(["commit", "-q", "--allow-empty", "-m", "first"])
    rig.git(["branch", "backbeat/l"])
    expect((await create({})).message).toContain("branch backbeat/l exists")
    expect((await create({ git: { worktree: true, base: "nowhere" } })).message).toContain(
      "no commit is called nowhere"
    )
    expect((await create({ git: { worktree: true, copy: ["../x"] } })).message).toContain(
      "leads out of the repository"
    )
    expect(rig.git(["for-each-ref"])).not.toContain("refs/backbeat")
  })

  test("works in the caller's folder of it, set up once, with what is copied and never committed", async () => {
    await using rig = new LoopRig()
    rig.repository({ "sub/score": "0\n", ".gitignore": "modules\n" })
    rig.write(".env", "SECRET\n")
    await rig.loop(
      "loop create",
      {
        ...optimize,
        script: "cat ../.env >secret; cat ../modules/setup >>count; pwd >where; echo 1 >score",
        cwd: "sub",
        git: {
          worktree: true,
          copy: [".env"],
          setup: "mkdir ../modules; echo once >>../modules/setup"
        },
        maxIterations: 2
      },
      ["--wait"]
    )
    expect(rig.git(["show", "backbeat/l:sub/count"])).toBe("once")
    expect(rig.git(["show", "backbeat/l:sub/where"])).toEndWith("/loops/l/worktree/sub")
    expect(rig.git(["ls-tree", "-r", "--name-only", "backbeat/l"])).not.toContain(".env")
    expect(rig.git(["log", "--all", "--name-only", "--format="])).not.toContain(".env\n")
  }, 60_000)

  test("does not evaluate an iteration that changed a protected file", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n", "test/a.test": "t\n" })
    await rig.ended({
      ...optimize,
      script:
        "[ $BACKBEAT_ITERATION != 1 ] || echo easy >test/a.test; cat test/a.test >saw; echo 1 >score",
      git: { worktree: true, protect: ["test"] },
      maxIterations: 2
    })
    const [first, second] = await rig.iterations("l")
    expect(first).toMatchObject({
      result: "crash",
      reason: "protected files were changed: test/a.test"
    })
    expect(first?.evaluation).toBeUndefined()
    expect(second?.result).toBe("keep")
    expect(rig.git(["show", "backbeat/l:saw"])).toBe("t")
  }, 60_000)

  test("obeys its folder and not the variables of a git hook", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n" })
    const other = join(rig.scratch, "other")
    mkdirSync(other)
    rig.git(["init", "-q", "-b", "main"], other)
    rig.git(["commit", "-q", "--allow-empty", "-m", "other"], other)
    const before = [seen(other, rig), rig.git(["for-each-ref"], other)]
    const hook = {
      GIT_DIR: join(other, ".git"),
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: join(other, ".git", "index"),
      GIT_PREFIX: ""
    }
    const loop = await rig.loop(
      "loop create",
      { ...optimize, script: "echo 1 >score", maxIterations: 1 },
      ["--wait"],
      { ...rig.agents.env, ...hook }
    )
    expect(loop).toMatchObject({ status: "completed", bestScore: 1 })
    expect([seen(other, rig), rig.git(["for-each-ref"], other)]).toEqual(before)
    expect(rig.git(["show", "backbeat/l:score"])).toBe("1")
  }, 60_000)

  test("keeps what an agent has made when git refuses, and ends with git's words", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n" })
    const loop = await rig.ended({
      ...optimize,
      script: "git init -q nested; echo text >nested/file; echo 1 >score",
      maxIterations: 2
    })
    expect(loop.status).toBe("failed")
    expect(loop.reason).toContain("git add:")
    expect(await rig.results("l")).toEqual(["crash"])
    const path = loop.git?.path ?? ""
    expect(loop.reason).toContain(path)
    expect(readFileSync(join(path, "nested", "file"), "utf8")).toBe("text\n")
  }, 60_000)

  test("takes away a lock that a killed git has left in its own worktree, and runs no hook", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n" })
    rig.write(".git/hooks/post-checkout", "#!/bin/sh\nexit 1\n")
    rig.git(["config", "core.hooksPath", ".git/hooks"])
    Bun.spawnSync(["chmod", "+x", join(rig.work, ".git/hooks/post-checkout")])
    const loop = await rig.ended({
      ...optimize,
      script:
        'lock=$(git rev-parse --git-path index.lock); touch -d "2001-01-01" "$lock"; echo 1 >score',
      maxIterations: 1
    })
    expect(loop).toMatchObject({ status: "completed", bestScore: 1 })
  }, 60_000)
})

describe("cleaning up behind a loop", () => {
  test("removes the worktree and keeps the branch, once nobody works there", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n" })
    const start = `'${process.execPath}' >/dev/null 2>&1; echo 1 >score`
    const loop = await rig.ended({ ...optimize, script: start, maxIterations: 1 })
    const path = loop.git?.path ?? ""
    await rig.data("start", { id: "child", script: "exec sleep 300", cwd: path })
    const refused = await rig.refusal(["loop", "clean", "l"])
    expect(refused.message).toBe("tasks work in the worktree of loop l: child")
    await rig.data("stop", { id: "child" })
    expect((await rig.data("loop clean", { id: "l" }))["removed"]).toEqual([path])
    expect(existsSync(path)).toBe(false)
    expect(rig.git(["worktree", "list"]).split("\n")).toHaveLength(1)
    expect((await rig.loop("loop get", { id: "l" })).git).toMatchObject({
      branch: "backbeat/l",
      commit: rig.git(["rev-parse", "backbeat/l"])
    })
    expect((await rig.data("loop clean", { id: "l" }))["removed"]).toEqual([])
    expect(rig.git(["for-each-ref", "refs/backbeat/l"])).not.toBe("")
    await rig.data("loop clean", { id: "l", refs: true })
    expect(rig.git(["for-each-ref", "refs/backbeat/l"])).toBe("")
  }, 60_000)

  test("names what would be lost first, and follows no link out of the worktree", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n", ".gitignore": "node_modules\n" })
    rig.write("node_modules/big", "big\n")
    const before = seen(rig.work, rig)
    const loop = await rig.ended({
      ...optimize,
      script: "echo 1 >score",
      git: { worktree: true, setup: `ln -s '${rig.work}/node_modules' node_modules` },
      maxIterations: 1
    })
    const path = loop.git?.path ?? ""
    writeFileSync(join(path, "notes.txt"), "n")
    const refused = await rig.refusal(["loop", "clean", "l"])
    expect(refused.message).toContain("notes.txt")
    expect(refused.message).toContain("node_modules")
    expect(refused.try).toEqual({ operation: "loop clean", payload: { id: "l", discard: true } })
    expect(existsSync(path)).toBe(true)
    await rig.data("loop clean", { id: "l", discard: true })
    expect(existsSync(path)).toBe(false)
    expect(seen(rig.work, rig)).toEqual(before)
  }, 60_000)

  test("is refused while the loop lives", async () => {
    await using rig = new LoopRig()
    rig.repository({ score: "0\n" })
    await rig.loop("loop create", { ...optimize, script: "exec sleep 300" })
    expect((await rig.refusal(["loop", "clean", "l"])).try).toEqual({
      operation: "loop cancel",
      payload: { id: "l" }
    })
  })
})
