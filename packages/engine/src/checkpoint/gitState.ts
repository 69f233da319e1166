/**
 * The git work tree of a directory, as git reports it. Runs no program that the repository
 * configures: no file system monitor, hook or filter. `git status` runs no others.
 */
import type { GitState } from "@backbeat/core/task/GitState"
import * as Effect from "effect/Effect"
import { capture } from "../process/capture.ts"

const maxPaths = 100
const timeoutMs = 2000
const maxOutputBytes = 16_777_216

const listKeys = ["git", "config", "--list", "--name-only", "-z"]

/** The names of all configured filters; null if one of them cannot be overridden by `-c`. */
export const filterNames = (keys: string): ReadonlyArray<string> | null => {
  const names = new Set(
    keys
      .split("\0")
      .flatMap((key) => /^filter\.(?<name>[^]*)\.[^.]*$/u.exec(key)?.groups?.["name"] ?? [])
  )
  // `-c` takes everything before the first `=` as the key. U+FFFD stands for a byte that is not
  // UTF-8.
  return [...names].some((name) => /[=\uFFFD]/u.test(name)) ? null : [...names]
}

/**
 * Filters are disabled one by one, because git has no other way. A file that a filter converts is
 * then reported as changed, unless its time and size are those in the index.
 */
const reading = (filters: ReadonlyArray<string>): ReadonlyArray<string> => [
  "git",
  ...["core.fsmonitor=false", "core.hooksPath=/dev/null"].flatMap((setting) => ["-c", setting]),
  ...filters.flatMap((name) =>
    ["clean=", "process=", "required=false"].flatMap((setting) => [
      "-c",
      `filter.${name}.${setting}`
    ])
  ),
  "--no-optional-locks"
]

const status = (filters: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...reading(filters),
  "status",
  "--porcelain=v2",
  "--branch",
  "-z",
  "--untracked-files=all",
  "--ignore-submodules=dirty"
]

/** The changes of tracked files, staged or not. Nothing is run for them either. */
const diff = (filters: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...reading(filters),
  "diff",
  "HEAD",
  "--binary",
  "--no-ext-diff",
  "--no-textconv",
  "--ignore-submodules=dirty"
]

/**
 * Parses `git status --porcelain=v2 --branch -z`. Source: git-status(1), "Porcelain Format Version
 * 2".
 */
export const parseGitStatus = (text: string): GitState => {
  let branch: string | null = null
  let commit: string | null = null
  const paths: Array<string> = []
  const records = text.split("\0")
  for (let at = 0; at < records.length; at++) {
    const record = records[at] ?? ""
    if (record.startsWith("# branch.oid ")) commit = known(record.slice(13), "(initial)")
    else if (record.startsWith("# branch.head ")) branch = known(record.slice(14), "(detached)")
    else if (/^[12u?] /u.test(record)) paths.push(pathOf(record))
    // The old path of a rename is a separate record.
    if (record.startsWith("2 ")) at++
  }
  return { branch, commit, dirty: paths.slice(0, maxPaths), dirtyCount: paths.length }
}

const known = (value: string, unknown: string): string | null => (value === unknown ? null : value)

/** How many fields precede the path, by the kind of the record. */
const fieldsBefore: Readonly<Record<string, number>> = { "1": 8, "2": 9, u: 10, "?": 1 }

const pathOf = (record: string): string => {
  const fields = record.split(" ")
  return fields.slice(fieldsBefore[record[0] ?? ""] ?? 1).join(" ")
}

const environment = (env: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  PATH: env["PATH"] ?? process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: env["HOME"] ?? "/",
  LC_ALL: "C",
  GIT_TERMINAL_PROMPT: "0",
  // A partial clone may fetch missing objects with a program that it configures.
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none"
})

const run = (
  cmd: ReadonlyArray<string>,
  cwd: string,
  env: Readonly<Record<string, string>>
): Promise<string | null> =>
  capture({ cmd, cwd, env: environment(env), timeoutMs, maxBytes: maxOutputBytes })

/**
 * The state of the work tree around a directory; null if there is none or no git, if a filter
 * cannot be disabled, or if git takes longer than 2 s. Never fails.
 */
export const gitState = (
  cwd: string,
  env: Readonly<Record<string, string>>
): Effect.Effect<GitState | null> =>
  Effect.promise(async () => {
    const keys = await run(listKeys, cwd, env)
    const filters = keys === null ? null : filterNames(keys)
    const text = filters === null ? null : await run(status(filters), cwd, env)
    return text === null ? null : parseGitStatus(text)
  })

/** Names the content of the tracked files around a directory and the untracked paths: the same content has the same name. Null as `gitState`. Never fails. */
export const contentName = (
  cwd: string,
  env: Readonly<Record<string, string>>,
  { dirty, dirtyCount }: GitState
): Effect.Effect<string | null> =>
  Effect.promise(async () => {
    const keys = await run(listKeys, cwd, env)
    const filters = keys === null ? null : filterNames(keys)
    if (filters === null) return null
    const tree = await run([...reading(filters), "rev-parse", "HEAD^{tree}"], cwd, env)
    const changes = dirtyCount === 0 ? "" : await run(diff(filters), cwd, env)
    if (tree === null || changes === null) return null
    const named = JSON.stringify([tree, changes, dirty, dirtyCount])
    return new Bun.CryptoHasher("sha256").update(named).digest("hex")
  })
