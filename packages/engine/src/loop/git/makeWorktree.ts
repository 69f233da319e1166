/** Makes the worktree of a loop, below the home and never in the caller's own. May be repeated: what an engine that was killed has begun is finished. */
import type { Loop } from "@backbeat/core/loop/Loop"
import type { LoopGit } from "@backbeat/core/loop/LoopSpec"
import * as Effect from "effect/Effect"
import { dirname, join } from "node:path"
import type { Variables } from "../../home/TaskEnvironment.ts"
import { keeperDir } from "../../home/KeptVariables.ts"
import { runProgram } from "../../process/runProgram.ts"
import { existsSync, mkdirSync, rmSync } from "../../system/files.ts"
import { refsOf } from "./refs.ts"
import { git, GitFailed, type GitPlace, tryGit } from "./runGit.ts"

/** Where the worktree of a loop is. */
export const worktreeDir = (root: string, id: string): string =>
  join(keeperDir(root, { kind: "loop", id }), "worktree")

const copyTimeoutMs = 600_000

/** Links are copied as links, so that nothing is written behind them. */
const copyPath = Effect.fnUntraced(function* (from: string, to: string, environment: Variables) {
  if (!existsSync(from)) return
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  const { exitCode, stderr } = yield* Effect.promise(() =>
    runProgram({
      cmd: ["cp", "-R", "-P", "-p", "--", from, to],
      cwd: "/",
      env: { PATH: environment["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
      timeoutMs: copyTimeoutMs
    })
  )
  if (exitCode !== 0) return yield* new GitFailed({ message: `git.copy: ${stderr.trim()}` })
})

/** Whether the branch is there, at the commit at which the loop begins; another one's is refused. */
const hasBranch = Effect.fnUntraced(function* (place: GitPlace, { branch, base }: LoopGit) {
  const { exitCode, stdout } = yield* tryGit(
    place,
    ["rev-parse", "--verify", "--quiet", `refs/heads/${branch}`],
    { accepts: [1] }
  )
  if (exitCode !== 0) return false
  return stdout.trim() === base
    ? true
    : yield* new GitFailed({ message: `branch ${branch} exists` })
})

/** Makes it, with its branch and what is copied. Fails with GitFailed. */
export const makeWorktree = Effect.fnUntraced(function* (
  root: string,
  { id }: Loop,
  spec: LoopGit,
  environment: Variables
) {
  const { repository, base, branch, copy } = spec
  const place = { cwd: repository, environment }
  const path = worktreeDir(root, id)
  if (existsSync(path)) {
    yield* tryGit(place, ["worktree", "remove", "--force", "--force", path], { accepts: [128] })
    rmSync(path, { recursive: true, force: true })
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  yield* git(place, ["update-ref", `${refsOf(id)}/base`, base])
  const add = ["worktree", "add", "--quiet", "--force"]
  yield* (yield* hasBranch(place, spec))
    ? git(place, [...add, path, branch])
    : git(place, [...add, "-b", branch, path, base])
  for (const each of copy) {
    const to = join(path, each)
    if (!existsSync(to)) yield* copyPath(join(repository, each), to, environment)
  }
  mkdirSync(join(path, spec.prefix), { recursive: true, mode: 0o700 })
  return { path, branch, base }
})
