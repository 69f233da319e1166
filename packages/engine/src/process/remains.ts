/**
 * Which processes of an attempt still live. Linux finds them by process group, environment mark, held FIFO
 * and descent; elsewhere only the group and what descends from it can be seen.
 */
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { isHeld } from "./AliveFifo.ts"
import { readClaim } from "./Claim.ts"
import type { ProcessIdentity } from "./Identity.ts"
import { currentBootId } from "./Identity.ts"
import type { ProcessRow } from "./ProcessTable.ts"
import { hasProc, listProcesses, readProcFile } from "./ProcessTable.ts"

/** The environment that an attempt's processes carry as BACKBEAT_TASK_ID, BACKBEAT_ATTEMPT and BACKBEAT_HOME. */
export type Mark = { readonly taskId: string; readonly attempt: number; readonly home: string }

/** An attempt that may have processes: its folder and their mark. */
export type AttemptTree = { readonly dir: string; readonly mark: Mark }

/** A live process of an attempt; `inGroup` when a signal to the attempt's process group reaches it. */
export type RemainingProcess = { readonly identity: ProcessIdentity; readonly inGroup: boolean }

const entriesOf = ({ taskId, attempt, home }: Mark): ReadonlyArray<Buffer> =>
  [`BACKBEAT_TASK_ID=${taskId}`, `BACKBEAT_ATTEMPT=${attempt}`, `BACKBEAT_HOME=${home}`].map((entry) => Buffer.from(entry))

const hasEntry = (environ: Buffer, entry: Buffer): boolean => {
  for (let at = environ.indexOf(entry); at !== -1; at = environ.indexOf(entry, at + 1)) {
    if ((at === 0 || environ[at - 1] === 0) && (environ[at + entry.length] ?? 0) === 0) return true
  }
  return false
}

const isMarked = (pid: number, entries: ReadonlyArray<Buffer>): boolean => {
  const environ = readProcFile(`/proc/${pid}/environ`)
  return environ !== null && entries.every((entry) => hasEntry(environ, entry))
}

type FileId = { readonly dev: number; readonly ino: number }

const isFile = (path: string, file: FileId): boolean => {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat?.ino === file.ino && stat.dev === file.dev
  } catch {
    return false
  }
}

const holdsFile = (pid: number, file: FileId): boolean => {
  try {
    // Nearly always it is where the shim put it.
    return isFile(`/proc/${pid}/fd/3`, file) || readdirSync(`/proc/${pid}/fd`).some((fd) => isFile(`/proc/${pid}/fd/${fd}`, file))
  } catch {
    return false
  }
}

/** The rows that are the attempt's by what they carry, whatever group they are in. */
const ownRows = (rows: ReadonlyArray<ProcessRow>, { dir, mark }: AttemptTree): ReadonlyArray<ProcessRow> => {
  const entries = entriesOf(mark)
  const alive = isHeld(dir) ? (statSync(join(dir, "alive"), { throwIfNoEntry: false }) ?? null) : null
  return rows.filter(({ pid }) => isMarked(pid, entries) || (alive !== null && holdsFile(pid, alive)))
}

/** The given rows with all that descends from them. */
const withDescendants = (first: ReadonlyArray<ProcessRow>, rows: ReadonlyArray<ProcessRow>): ReadonlySet<ProcessRow> => {
  const family = new Set(first)
  const pids = new Set(first.map(({ pid }) => pid))
  for (let size = -1; size !== family.size; ) {
    size = family.size
    for (const row of rows) {
      if (!pids.has(row.ppid) || pids.has(row.pid)) continue
      family.add(row)
      pids.add(row.pid)
    }
  }
  return family
}

/**
 * The live processes of an attempt, never this engine itself. The group counts only when it is provably the attempt's:
 * its leader is the shim that made the claim, or a member carries the mark or holds the FIFO. Without /proc a FIFO that
 * is held stands for the proof once the leader is gone. A process that left all of that behind is told by its parent, as
 * long as that lives; `known`, what an earlier look found, keeps it known afterwards.
 */
export const remains = (tree: AttemptTree, known: ReadonlyArray<RemainingProcess> = []): ReadonlyArray<RemainingProcess> => {
  const claim = readClaim(tree.dir)
  const leader = claim.kind === "shim" ? claim.identity : null
  const bootId = currentBootId()
  // Nothing of an attempt is older than its shim, and most of a machine's processes are.
  const since = hasProc && leader?.bootId === bootId ? Number(leader.startTime) : 0
  const rows = listProcesses().filter((row) => row.pid !== process.pid && (since === 0 || Number(row.startTime) >= since))
  const own = hasProc ? ownRows(rows, tree) : []
  const pgid = claim.kind === "shim" ? claim.pid : own.find((row) => row.pid === row.pgid)?.pid
  const inGroup = (row: ProcessRow) => row.pgid === pgid
  const leads = (row: ProcessRow) => row.pid === leader?.pid && row.startTime === leader.startTime && leader.bootId === bootId
  const proven = own.some(inGroup) || rows.some(leads) || (!hasProc && isHeld(tree.dir))
  const isKnown = (row: ProcessRow) => known.some(({ identity }) => identity.pid === row.pid && identity.startTime === row.startTime)
  const members = rows.filter((row) => own.includes(row) || (proven && inGroup(row)) || isKnown(row))
  return [...withDescendants(members, rows)]
    .map((row) => ({ identity: { pid: row.pid, startTime: row.startTime, bootId }, inGroup: proven && inGroup(row) }))
}
