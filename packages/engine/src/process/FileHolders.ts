/** Finds the processes that hold a file open, by their descriptors in /proc. */
import { readdirSync, statSync } from "../system/files.ts"
import { isShortage } from "./thrown.ts"
import type { ProcessRow } from "./ProcessTable.ts"
import { isSince } from "./ProcessTable.ts"

/**
 * A file whose holders are searched among the processes that started at `since` or later; `own` are
 * those found so far.
 */
export type HeldFile = {
  readonly file: string
  readonly since: number
  readonly own: Set<ProcessRow>
}

/** The device and inode of a file; null if there is none. Throws if they cannot be read. */
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
 * Adds to `own` of each file the processes that hold it. Reads nothing for a process that is
 * already in `own`, and lists the descriptors of each process once for all files.
 */
export const addHolders = (
  rows: ReadonlyArray<ProcessRow>,
  files: ReadonlyArray<HeldFile>
): void => {
  const oldestFirst = files.toSorted((one, other) => one.since - other.since)
  const byFile = Map.groupBy(files, ({ file }) => file)

  // A process belongs to few files, so this ends after few steps.
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
    // Usually the descriptor has the number that the shim gave it.
    follow(row, "3")
    if (!isWanted(row)) continue
    for (const descriptor of descriptorsOf(row.pid)) {
      follow(row, descriptor)
      if (!isWanted(row)) break
    }
  }
}
