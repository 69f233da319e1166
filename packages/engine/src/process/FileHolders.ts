/** Which processes hold an open file, found by what the descriptors in /proc lead to. */
import { readdirSync, statSync } from "../system/files.ts"
import { isShortage } from "./thrown.ts"
import { hasProc, isSince, listProcesses, type ProcessRow } from "./ProcessTable.ts"

/** A file whose holders are looked for among the processes that began at `since` or later; `own` are those found by now. */
export type HeldFile = {
  readonly file: string
  readonly since: number
  readonly own: Set<ProcessRow>
}

/** What a file is, whatever path leads to it; null when there is none. Throws when that cannot be told. */
export const fileId = (path: string): string | null => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`
}

const fileBehind = (pid: number, descriptor: string): string | null => {
  try {
    return fileId(`/proc/${pid}/fd/${descriptor}`)
  } catch {
    return null
  }
}

const descriptorsOf = (pid: number): ReadonlyArray<string> => {
  try {
    return readdirSync(`/proc/${pid}/fd`)
  } catch (refusal) {
    if (isShortage(refusal)) throw refusal
    return []
  }
}

/**
 * Adds to `own` of each file the processes that hold it. Of a process that is some file's own already nothing is read for
 * that file, and however many files there are, its descriptors are listed once.
 */
export const addHolders = (
  rows: ReadonlyArray<ProcessRow>,
  files: ReadonlyArray<HeldFile>
): void => {
  const oldestFirst = files.toSorted((one, other) => one.since - other.since)
  const byFile = Map.groupBy(files, ({ file }) => file)

  // A process is the own of few, so that this ends after as few steps.
  const isWanted = (row: ProcessRow): boolean => {
    for (const { since, own } of oldestFirst) {
      if (!isSince(row, since)) return false
      if (!own.has(row)) return true
    }
    return false
  }

  const follow = (row: ProcessRow, descriptor: string): void => {
    const file = fileBehind(row.pid, descriptor)
    for (const { since, own } of file === null ? [] : (byFile.get(file) ?? [])) {
      if (isSince(row, since)) own.add(row)
    }
  }

  for (const row of rows) {
    if (!isWanted(row)) continue
    // Nearly always it is where the shim put it.
    follow(row, "3")
    if (!isWanted(row)) continue
    for (const descriptor of descriptorsOf(row.pid)) {
      follow(row, descriptor)
      if (!isWanted(row)) break
    }
  }
}

/** Whether any process holds the file; true where that cannot be told. */
export const isFileHeld = (path: string): boolean => {
  const file = fileId(path)
  if (file === null) return false
  if (!hasProc) return true
  const own = new Set<ProcessRow>()
  addHolders(listProcesses(), [{ file, since: 0, own }])
  return own.size > 0
}
