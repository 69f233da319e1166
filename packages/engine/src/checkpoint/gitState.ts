/**
 * The git work tree that a directory is in, as git tells it. Nothing is run for it that a repository names: no file system
 * monitor, no hook, no filter. `git status` runs no other program of a repository's choice.
 */
import type { GitState } from "@backbeat/core/task/GitState"
import * as Effect from "effect/Effect"
import { capture } from "../process/capture.ts"

const maxPaths = 100
const timeoutMs = 2000
const maxOutputBytes = 16_777_216

const listKeys = ["git", "config", "--list", "--name-only", "-z"]

/** The names of the filters that any configuration defines; null when git could not be given one of them as it is. */
export const filterNames = (keys: string): ReadonlyArray<string> | null => {
  const names = new Set(
    keys
      .split("\0")
      .flatMap((key) => /^filter\.(?<name>[^]*)\.[^.]*$/u.exec(key)?.groups?.["name"] ?? [])
  )
  // `-c` takes what is before the first `=` for the key, and a byte that is no UTF-8 has been replaced.
  return [...names].some((name) => /[=\uFFFD]/u.test(name)) ? null : [...names]
}

/** Filters are left out one by one, for git has no other way. What they would have changed back is then told as changed, unless its time and size are those in the index. */
const status = (filters: ReadonlyArray<string>): ReadonlyArray<string> => [
  "git",
  ...["core.fsmonitor=false", "core.hooksPath=/dev/null"].flatMap((setting) => ["-c", setting]),
  ...filters.flatMap((name) =>
    ["clean=", "process=", "required=false"].flatMap((setting) => [
      "-c",
      `filter.${name}.${setting}`
    ])
  ),
  "--no-optional-locks",
  "status",
  "--porcelain=v2",
  "--branch",
  "-z",
  "--untracked-files=all",
  "--ignore-submodules=dirty"
]

/** Reads `git status --porcelain=v2 --branch -z`. Source: git-status(1), "Porcelain Format Version 2". */
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
    // The path from which one was renamed is a record of its own.
    if (record.startsWith("2 ")) at++
  }
  return { branch, commit, dirty: paths.slice(0, maxPaths), dirtyCount: paths.length }
}

const known = (value: string, unknown: string): string | null => (value === unknown ? null : value)

/** How many fields stand before the path, by the kind of the record. */
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
  // A repository may want to fetch what it lacks, by a program of its choice.
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none"
})

const run = (
  cmd: ReadonlyArray<string>,
  cwd: string,
  env: Readonly<Record<string, string>>
): Promise<string | null> =>
  capture({ cmd, cwd, env: environment(env), timeoutMs, maxBytes: maxOutputBytes })

/** The state of the work tree around a directory; null where there is none, no git, a filter that cannot be left out, or git takes longer than 2 s. Never fails. */
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
