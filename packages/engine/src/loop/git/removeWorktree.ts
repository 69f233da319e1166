/** Removes the worktree of a loop, and nothing that is not of it. Its branch and the commits of its iterations stay. */
import type { Loop, Place } from "@backbeat/core/loop/Loop"
import type { LoopGit } from "@backbeat/core/loop/LoopSpec"
import * as Effect from "effect/Effect"
import type { Variables } from "../../home/TaskEnvironment.ts"
import { existsSync, readFileSync, rmSync } from "../../system/files.ts"
import { refsOf } from "./refs.ts"
import { git, GitFailed, nulPaths, tryGit } from "./runGit.ts"

/** Paths in a worktree that no commit has: changed or untracked ones, and ignored ones. */
export interface Uncommitted {
  readonly changed: ReadonlyArray<string>
  readonly ignored: ReadonlyArray<string>
}

/** What would be lost with the worktree. A folder of ignored files is one path. Fails with GitFailed. */
export const uncommittedIn = Effect.fnUntraced(function* (path: string, environment: Variables) {
  if (!existsSync(path)) return { changed: [], ignored: [] } satisfies Uncommitted
  const status = ["status", "--porcelain=v1", "-z", "--no-renames"]
  const lines = nulPaths(
    yield* git({ cwd: path, environment }, [...status, "--ignored=traditional"])
  )
  return {
    changed: lines.filter((line) => !line.startsWith("!!")).map((line) => line.slice(3)),
    ignored: lines.filter((line) => line.startsWith("!!")).map((line) => line.slice(3))
  } satisfies Uncommitted
})

/** Whatever is mounted below a folder would be emptied with it. Source: proc_pid_mountinfo(5). */
const mountBelow = (path: string): string | null => {
  try {
    const points = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .flatMap((line) => line.split(" ")[4] ?? [])
      .map((point) => point.replaceAll("\\040", " "))
    return points.find((point) => point === path || point.startsWith(`${path}/`)) ?? null
  } catch {
    return null
  }
}

/** The refs that keep the iterations of a loop. */
const refsIn = (repository: string, environment: Variables, id: string) =>
  Effect.map(
    git({ cwd: repository, environment }, ["for-each-ref", "--format=%(refname)", refsOf(id)]),
    (text) => text.split("\n").filter((ref) => ref !== "")
  )

/** Removes the worktree, and with `refs` what keeps the discarded iterations; answers with what is removed. Fails with GitFailed. */
export const removeWorktree = Effect.fnUntraced(function* (
  { id }: Loop,
  { repository }: LoopGit,
  { path }: Place,
  { refs, environment }: { readonly refs: boolean; readonly environment: Variables }
) {
  const removed: Array<string> = []
  const hasRepository = existsSync(repository)
  const place = { cwd: repository, environment }
  if (path !== null) {
    const mounted = mountBelow(path)
    if (mounted !== null)
      return yield* new GitFailed({ message: `${mounted} is mounted: unmount it first` })
    if (hasRepository)
      yield* tryGit(place, ["worktree", "remove", "--force", "--force", path], { accepts: [128] })
    // What git leaves, such as the folder itself where the repository is gone. Links are removed, not followed.
    if (existsSync(path)) rmSync(path, { recursive: true, force: true })
    removed.push(path)
  }
  if (!refs || !hasRepository) return removed
  for (const ref of yield* refsIn(repository, environment, id)) {
    yield* git(place, ["update-ref", "-d", ref])
    removed.push(ref)
  }
  return removed
})
