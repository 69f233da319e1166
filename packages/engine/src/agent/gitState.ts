/**
 * The git work tree that a directory is in, as git tells it. Nothing of the repository's own configuration is run for it as far as
 * git can be told so: no file system monitor, no hooks.
 */
import type { GitState } from "@backbeat/core/task/GitState"
import * as Effect from "effect/Effect"
import { capture } from "../process/capture.ts"

const maxPaths = 100
const timeoutMs = 2000
const maxOutputBytes = 16_777_216

const argv = [
  "git",
  "-c", "core.fsmonitor=false",
  "-c", "core.hooksPath=/dev/null",
  "--no-optional-locks",
  "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--ignore-submodules=dirty"
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

/** The state of the work tree around a directory; null where there is none, no git, or git takes longer than 2 s. Never fails. */
export const gitState = (cwd: string, env: Readonly<Record<string, string>>): Effect.Effect<GitState | null> =>
  Effect.promise(async () => {
    const text = await capture({
      cmd: argv,
      cwd,
      env: {
        PATH: env["PATH"] ?? process.env["PATH"] ?? "/usr/bin:/bin",
        HOME: env["HOME"] ?? "/",
        LC_ALL: "C",
        GIT_TERMINAL_PROMPT: "0",
        // A repository may want to fetch what it lacks, by a program of its choice.
        GIT_NO_LAZY_FETCH: "1",
        GIT_ALLOW_PROTOCOL: "none"
      },
      timeoutMs,
      maxBytes: maxOutputBytes
    })
    return text === null ? null : parseGitStatus(text)
  })
