/** Makes a commit of all that is in a worktree, without moving its branch. Ignored files are left out. */
import * as Effect from "effect/Effect"
import { git, type GitPlace, nulPaths, tryGit } from "./runGit.ts"

/** What the commit of a snapshot says. */
export interface Snapshot {
  readonly message: string
  /** Paths that were copied into the worktree, relative to its root: what no commit had before stays out of all, such as secrets. */
  readonly copied: ReadonlyArray<string>
  /** The instant of the commit (epoch ms): the same snapshot is the same commit. */
  readonly at: number
}

/** An identity of our own where none is set, so that no commit fails for want of one. */
const ours = {
  GIT_AUTHOR_NAME: "backbeat",
  GIT_AUTHOR_EMAIL: "backbeat@localhost",
  GIT_COMMITTER_NAME: "backbeat",
  GIT_COMMITTER_EMAIL: "backbeat@localhost"
}

/** The variables with which commits are made at an instant. */
export const identityAt = Effect.fnUntraced(function* (place: GitPlace, at: number) {
  const { exitCode } = yield* tryGit(place, ["var", "GIT_COMMITTER_IDENT"], { accepts: [128] })
  const date = `${Math.floor(at / 1000)} +0000`
  return {
    ...(exitCode === 0 ? {} : ours),
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date
  }
})

/** The tree of a commit. */
export const treeOf = (place: GitPlace, commit: string) =>
  git(place, ["rev-parse", "--verify", "--quiet", `${commit}^{tree}`])

/** The commit that a ref leads to. */
export const commitOf = (place: GitPlace, ref: string) =>
  git(place, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`])

/** What leaves out those of the copied paths that are not tracked. */
const without = Effect.fnUntraced(function* (place: GitPlace, copied: ReadonlyArray<string>) {
  if (copied.length === 0) return []
  const paths = copied.map((path) => `:(top,literal)${path}`)
  const tracked = new Set(
    nulPaths(yield* git(place, ["ls-files", "-z", "--full-name", "--", ...paths]))
  )
  const isTracked = (path: string) =>
    [...tracked].some((each) => each === path || each.startsWith(`${path}/`))
  return copied.flatMap((path) => {
    const clean = path.replace(/\/+$/u, "").replace(/^\.\//u, "")
    return isTracked(clean) ? [] : [`:(top,literal,exclude)${clean}`]
  })
})

/** Puts all that is there into the index, and gives the commit of it: that at which the worktree stands when nothing is changed. Fails with GitFailed. */
export const takeSnapshot = Effect.fnUntraced(function* (
  place: GitPlace,
  { message, copied, at }: Snapshot
) {
  yield* git(place, ["add", "--all", "--", ":/", ...(yield* without(place, copied))])
  const tree = yield* git(place, ["write-tree"])
  const head = yield* commitOf(place, "HEAD")
  if (tree === (yield* treeOf(place, head))) return head
  return yield* git(place, ["commit-tree", tree, "-p", head, "-m", message], {
    env: yield* identityAt(place, at)
  })
})
