/**
 * Converts errors of SQLite into errors for people: what is wrong, and what to do. Source:
 * sqlite.org/rescode.html.
 */
import * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"
import type { SqlError } from "effect/sql/SqlError"
import { StoreError } from "../StoreError.ts"

const code = {
  perm: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notDatabase: 26,
  ioErrorShortRead: 522,
  readonlyRollback: 776,
  ioErrorSharedMemorySize: 4874
}

/** The extended result code, or 0 if the error is not from SQLite. */
const resultCode = (error: SqlError): number => {
  const { cause } = error.reason
  return hasProperty(cause, "errno") && typeof cause.errno === "number" ? cause.errno : 0
}

/** The StoreError for an error of the database at `path`. */
export const toStoreError = (path: string, error: SqlError): StoreError => {
  const extended = resultCode(error)
  if (extended === code.ioErrorShortRead) return damaged(path, error.message)
  if (extended === code.ioErrorSharedMemorySize) return full(path)
  switch (extended & 0xff) {
    case code.corrupt:
    case code.notDatabase:
      return damaged(path, error.message)
    case code.full:
      return full(path)
    case code.readonly:
    case code.perm:
      return readonly(path)
    case code.busy:
    case code.locked:
      return new StoreError({
        reason: "unavailable",
        message: `Another program holds a lock on ${path}. Close that program (such as a database browser or shell), then call again.`
      })
    default:
      return /^no such (table|column)/.test(error.message)
        ? damaged(path, error.message)
        : unavailable(path, error.message)
  }
}

/** The StoreError for an error at opening, for which SQLite has one code for many causes. */
export const toOpeningError = (path: string, error: SqlError): Effect.Effect<StoreError> => {
  const primary = resultCode(error) & 0xff
  if (primary !== code.cannotOpen) return Effect.succeed(toStoreError(path, error))
  return Effect.gen(function* () {
    if (yield* isFolder(path)) return unavailable(path, "it is a folder")
    const folder = path.slice(0, path.lastIndexOf("/") + 1) || "."
    return (yield* isFolder(folder))
      ? readonly(path)
      : unavailable(path, `there is no folder ${folder}`)
  })
}

/**
 * Whether a reader cannot open the database, because a killed writer left a rollback journal, which
 * only a writer can apply.
 */
export const needsRecovery = (error: SqlError): boolean =>
  resultCode(error) === code.readonlyRollback

/** The error of a damaged database. */
export const damaged = (path: string, detail: string): StoreError =>
  new StoreError({
    reason: "damaged",
    message: `The database ${path} is damaged (${detail}). It was not changed. Restore a backup, or move it away with its -wal and -shm files to start with an empty database.`
  })

/** The error of a database of a later version. */
export const newer = (path: string, found: number, known: number): StoreError =>
  new StoreError({
    reason: "newer",
    message: `The database ${path} was written by a newer backbeat (its version is ${found}; this backbeat supports ${known}). Upgrade backbeat, or use another home.`
  })

const full = (path: string): StoreError =>
  new StoreError({
    reason: "full",
    message: `There is no space left for ${path}. Nothing of this call was stored. Free disk space, then call again.`
  })

const readonly = (path: string): StoreError =>
  new StoreError({
    reason: "readonly",
    message: `The database ${path} cannot be written. Make the file and its folder writable for this user, or use another home.`
  })

/** The error of a database that cannot be used for a reason outside of it. */
export const unavailable = (path: string, detail: string): StoreError =>
  new StoreError({
    reason: "unavailable",
    message: `The database ${path} cannot be used: ${detail}. Check its folder and its disk, then call again.`
  })

/** The error of a database whose folder was removed or replaced. */
export const lost = (path: string): StoreError =>
  unavailable(path, "its folder was removed or replaced while it was open")

const isFolder = (path: string): Effect.Effect<boolean> =>
  Effect.tryPromise(() => Bun.file(path).stat()).pipe(
    Effect.map((found) => found.isDirectory()),
    Effect.catch(() => Effect.succeed(false))
  )
