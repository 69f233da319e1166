/** Finds the repository and the start of a loop that is to work in a worktree. The caller's files, index and refs stay as they are. */
import type { LoopInput } from "@backbeat/contract/operation/loopInput"
import { type Problem, withChange } from "@backbeat/contract/Problem"
import type { LoopGit } from "@backbeat/core/loop/LoopSpec"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { wrongField } from "../../call/wrongField.ts"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "../../system/files.ts"
import { branchOf } from "./refs.ts"
import { git, type GitFailed, type GitPlace, tryGit } from "./runGit.ts"
import { commitOf, identityAt, treeOf } from "./snapshot.ts"

type GitInput = NonNullable<LoopInput["git"]>

/** Where the index is copied to, and when the commit of it is made (epoch ms). */
interface Working {
  readonly scratch: string
  readonly now: number
}

const refuse = (path: string, message: string, hint: string): Effect.Effect<never, Problem> =>
  Effect.fail(wrongField(path, message, hint))

const ofGit =
  (path: string) =>
  (failed: GitFailed): Problem =>
    wrongField(path, failed.message, "Use a folder in a git repository, or remove git.")

/** A commit of what the tracked files hold now, made with a copy of the index; the last commit when they hold that. */
const uncommitted = Effect.fnUntraced(function* (
  place: GitPlace,
  head: string,
  { scratch, now }: Working
) {
  const index = yield* git(place, ["rev-parse", "--path-format=absolute", "--git-path", "index"])
  const copy = join(scratch, "index")
  const own = { GIT_INDEX_FILE: copy }
  return yield* Effect.ensuring(
    Effect.gen(function* () {
      yield* Effect.sync(() => {
        mkdirSync(scratch, { recursive: true, mode: 0o700 })
        if (existsSync(index)) writeFileSync(copy, readFileSync(index), { mode: 0o600 })
      })
      yield* git(place, ["add", "--update", "--", ":/"], { env: own })
      const tree = yield* git(place, ["write-tree"], { env: own })
      if (tree === (yield* treeOf(place, head))) return head
      const env = yield* identityAt(place, now)
      const message = "Uncommitted changes at the start of a loop"
      return yield* git(place, ["commit-tree", tree, "-p", head, "-m", message], { env })
    }),
    Effect.sync(() => rmSync(scratch, { recursive: true, force: true }))
  )
})

/** A path that leads out of the repository would copy or protect what is not of it. */
const outside = (paths: ReadonlyArray<string>): string | undefined =>
  paths.find((path) => path.startsWith("/") || path.split("/").includes(".."))

const branchFor = Effect.fnUntraced(function* (place: GitPlace, id: string, given?: string) {
  const branch = given ?? branchOf(id)
  const { exitCode } = yield* tryGit(place, ["check-ref-format", "--branch", branch], {
    accepts: [1, 128]
  })
  if (exitCode !== 0)
    return yield* refuse("git.branch", `${branch} is no name of a branch`, "Use another name.")
  const there = yield* tryGit(place, ["show-ref", "--verify", "--quiet", `refs/heads/${branch}`], {
    accepts: [1]
  })
  return there.exitCode === 0
    ? yield* refuse("git.branch", `branch ${branch} exists`, "Use another branch, or another id.")
    : branch
})

const baseFor = Effect.fnUntraced(function* (place: GitPlace, input: GitInput, working: Working) {
  const { base, includeUncommitted = false } = input
  if (includeUncommitted && base !== undefined && base !== "HEAD")
    return yield* Effect.fail(
      withChange(
        wrongField(
          "git.includeUncommitted",
          "cannot be combined with git.base",
          "Remove one of them."
        ),
        { "git.base": undefined }
      )
    )
  const ref = base ?? "HEAD"
  const found = yield* Effect.result(commitOf(place, ref))
  if (found._tag === "Failure")
    return yield* base === undefined
      ? refuse("git", "the repository has no commit", "Commit something first.")
      : refuse("git.base", `no commit is called ${base}`, "Use a commit, a branch or a tag.")
  return includeUncommitted ? yield* uncommitted(place, found.success, working) : found.success
})

/** What a loop needs to know of the repository around its folder. Fails with CommandInputError. */
export const findRepository = (
  place: GitPlace,
  input: GitInput,
  id: string,
  working: Working
): Effect.Effect<LoopGit, Problem> =>
  Effect.gen(function* () {
    const { setup, copy = [], protect = [] } = input
    const stray = outside(copy)
    if (stray !== undefined)
      return yield* refuse(
        "git.copy",
        `${stray} leads out of the repository`,
        "Use paths relative to its root."
      )
    const repository = yield* git(place, ["rev-parse", "--show-toplevel"])
    const prefix = yield* git(place, ["rev-parse", "--show-prefix"])
    const base = yield* baseFor(place, input, working)
    return {
      repository,
      base,
      branch: yield* branchFor(place, id, input.branch),
      prefix: prefix.replace(/\/$/u, ""),
      setup: setup ?? null,
      copy,
      protect
    }
  }).pipe(
    Effect.mapError((trouble) => (trouble._tag === "GitFailed" ? ofGit("git")(trouble) : trouble))
  )
