/** The mark of an attempt's processes: what their environment says of whose they are. */
import { type Folder, folderAt, isSameFolder } from "./folderAt.ts"
import type { ProcessRow } from "./ProcessTable.ts"
import { readProcFile } from "./ProcessTable.ts"

/**
 * The environment that an attempt's processes carry as BACKBEAT_TASK_ID, BACKBEAT_ATTEMPT and BACKBEAT_HOME_ID. Processes of
 * earlier versions carry no id of their home: theirs is the home to whose folder BACKBEAT_HOME leads.
 */
export type Mark = {
  readonly taskId: string
  readonly attempt: number
  readonly home: string
  readonly homeId?: string | undefined
}

/** Every value that one process has for each variable: an environment may name one twice, and each counts. */
type OfHome = { readonly homes: ReadonlyArray<string>; readonly homeIds: ReadonlyArray<string> }
type Carried = OfHome & { readonly row: ProcessRow; readonly attempts: ReadonlyArray<string> }

const taskIdName = Buffer.from("BACKBEAT_TASK_ID=")
const attemptName = Buffer.from("BACKBEAT_ATTEMPT=")
const homeName = Buffer.from("BACKBEAT_HOME=")
const homeIdName = Buffer.from("BACKBEAT_HOME_ID=")

// Environments are bytes, and each byte is a character of latin1.
const bytesOf = (text: string): string => Buffer.from(text).toString("latin1")

const valuesOf = (environ: Buffer, name: Buffer): ReadonlyArray<string> => {
  const values: Array<string> = []
  for (let at = environ.indexOf(name); at !== -1; at = environ.indexOf(name, at + 1)) {
    if (at > 0 && environ[at - 1] !== 0) continue
    const end = environ.indexOf(0, at)
    values.push(environ.toString("latin1", at + name.length, end === -1 ? environ.length : end))
  }
  return values
}

const folderOf = (path: string): Folder | null => folderAt(Buffer.from(path, "latin1"))

const homeOf = (environ: Buffer): OfHome => ({
  homes: valuesOf(environ, homeName),
  homeIds: valuesOf(environ, homeIdName)
})

/** Whether a process is of the home, by the id, else by the folder, however its path is spelled. */
const isOfHome = ({ homes, homeIds }: OfHome, { home, homeId }: Mark): boolean => {
  if (homeIds.length > 0) return homeId !== undefined && homeIds.includes(homeId)
  const path = bytesOf(home)
  return homes.some((each) => each === path || isSameFolder(folderOf(each), folderOf(path)))
}

/** Whether a process is known to be of another home: a copy of a home has the claims of the original. */
export const isElsewhere = (pid: number, mark: Mark): boolean => {
  const environ = readProcFile(`/proc/${pid}/environ`)
  if (environ === null) return false
  const its = homeOf(environ)
  return (
    !isOfHome(its, mark) &&
    (its.homeIds.length > 0 || its.homes.some((each) => folderOf(each) !== null))
  )
}

/** Reads the environment of each process once; answers which of them carry all of a mark. */
export const readMarks = (
  rows: ReadonlyArray<ProcessRow>
): ((mark: Mark) => ReadonlyArray<ProcessRow>) => {
  const byTaskId = new Map<string, Array<Carried>>()
  for (const row of rows) {
    const environ = readProcFile(`/proc/${row.pid}/environ`)
    const taskIds = environ === null ? [] : valuesOf(environ, taskIdName)
    if (environ === null || taskIds.length === 0) continue
    const carried = { row, attempts: valuesOf(environ, attemptName), ...homeOf(environ) }
    for (const taskId of new Set(taskIds)) {
      const its = byTaskId.get(taskId)
      if (its === undefined) byTaskId.set(taskId, [carried])
      else its.push(carried)
    }
  }
  return (mark) => {
    const itsAttempt = String(mark.attempt)
    const candidates = byTaskId.get(bytesOf(mark.taskId)) ?? []
    return candidates.flatMap((each) =>
      each.attempts.includes(itsAttempt) && isOfHome(each, mark) ? [each.row] : []
    )
  }
}
