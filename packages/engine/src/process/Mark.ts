/** The mark of an attempt's processes: what their environment says of whose they are. */
import type { ProcessRow } from "./ProcessTable.ts"
import { readProcFile } from "./ProcessTable.ts"

/** The environment that an attempt's processes carry as BACKBEAT_TASK_ID, BACKBEAT_ATTEMPT and BACKBEAT_HOME. */
export type Mark = { readonly taskId: string; readonly attempt: number; readonly home: string }

/** Every value that one process has for each variable: an environment may name one twice, and each counts. */
type Carried = { readonly row: ProcessRow; readonly attempts: ReadonlyArray<string>; readonly homes: ReadonlyArray<string> }

const taskIdName = Buffer.from("BACKBEAT_TASK_ID=")
const attemptName = Buffer.from("BACKBEAT_ATTEMPT=")
const homeName = Buffer.from("BACKBEAT_HOME=")

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

/** Reads the environment of each process once; answers which of them carry all three variables of a mark. */
export const readMarks = (rows: ReadonlyArray<ProcessRow>): ((mark: Mark) => ReadonlyArray<ProcessRow>) => {
  const byTaskId = new Map<string, Array<Carried>>()
  for (const row of rows) {
    const environ = readProcFile(`/proc/${row.pid}/environ`)
    const taskIds = environ === null ? [] : valuesOf(environ, taskIdName)
    if (environ === null || taskIds.length === 0) continue
    const carried = { row, attempts: valuesOf(environ, attemptName), homes: valuesOf(environ, homeName) }
    for (const taskId of new Set(taskIds)) {
      const its = byTaskId.get(taskId)
      if (its === undefined) byTaskId.set(taskId, [carried])
      else its.push(carried)
    }
  }
  return ({ taskId, attempt, home }) => {
    const [itsAttempt, itsHome] = [String(attempt), bytesOf(home)]
    const candidates = byTaskId.get(bytesOf(taskId)) ?? []
    return candidates.flatMap(({ row, attempts, homes }) => (attempts.includes(itsAttempt) && homes.includes(itsHome) ? [row] : []))
  }
}
