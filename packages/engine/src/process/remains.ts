/**
 * Finds the live processes of an attempt: on Linux by process group, environment marker, held FIFO
 * and descent; elsewhere only by the group and its descendants.
 */
import * as Result from "effect/Result"
import { join } from "node:path"
import { isHeld } from "./AliveFifo.ts"
import type { Claim } from "./Claim.ts"
import { readClaim } from "./Claim.ts"
import { addHolders, fileId } from "./FileHolders.ts"
import type { ProcessIdentity } from "./Identity.ts"
import { currentBootId } from "./Identity.ts"
import type { Mark } from "./Mark.ts"
import { isElsewhere, readMarks } from "./Mark.ts"
import type { ProcessRow } from "./ProcessTable.ts"
import { hasProc, isSince, listProcesses } from "./ProcessTable.ts"

/** An attempt that may have processes: its folder and their marker. */
export type AttemptTree = { readonly dir: string; readonly mark: Mark }

/**
 * A live process of an attempt; `inGroup` if a signal to the attempt's process group reaches it.
 */
export type RemainingProcess = { readonly identity: ProcessIdentity; readonly inGroup: boolean }

/**
 * A search for an attempt's processes; `known` are processes from an earlier search, which stay
 * known.
 */
export type Asked = { readonly tree: AttemptTree; readonly known: ReadonlyArray<RemainingProcess> }

/**
 * An attempt that is searched: `held` if a process holds its FIFO `alive`. `own` are processes that
 * carry its marker or hold its FIFO, in any group.
 */
type Sought = Asked & {
  readonly claim: Claim
  readonly since: number
  readonly held: boolean
  readonly alive: string | null
  readonly own: Set<ProcessRow>
}

const leaderOf = (claim: Claim): ProcessIdentity | null =>
  claim.kind === "shim" ? claim.identity : null

/** What must be read before the process table. */
const seek = (asked: Asked) => {
  const claim = readClaim(asked.tree.dir)
  // No process of an attempt is older than its shim, but most processes of a machine are.
  const isOfThisBoot = hasProc && claim.kind === "shim" && claim.bootId === currentBootId()
  const since = isOfThisBoot ? claim.since : 0
  return { ...asked, claim, since, own: new Set<ProcessRow>() }
}

/**
 * A FIFO without holders never gets one again. So one that is held after the table was read was
 * held then.
 */
const checkHeld = (dir: string) => {
  const held = isHeld(dir)
  return { held, alive: held && hasProc ? fileId(join(dir, "alive")) : null }
}

type Table = {
  readonly byPid: ReadonlyMap<number, ReadonlyArray<ProcessRow>>
  readonly byGroup: ReadonlyMap<number, ReadonlyArray<ProcessRow>>
  readonly byParent: ReadonlyMap<number, ReadonlyArray<ProcessRow>>
}

const rowsSince = (
  rows: ReadonlyArray<ProcessRow>,
  all: ReadonlyArray<{ readonly since: number }>
): ReadonlyArray<ProcessRow> => {
  const oldest = all.reduce((least, { since }) => Math.min(least, since), Number.POSITIVE_INFINITY)
  return rows.filter((row) => isSince(row, oldest))
}

const findOwn = (rows: ReadonlyArray<ProcessRow>, all: ReadonlyArray<Sought>): void => {
  const markedWith = readMarks(rowsSince(rows, all))
  for (const { tree, since, own } of all) {
    for (const row of markedWith(tree.mark)) if (isSince(row, since)) own.add(row)
  }
  const files = all.flatMap(({ alive, since, own }) =>
    alive === null ? [] : [{ file: alive, since, own }]
  )
  addHolders(rowsSince(rows, files), files)
}

/** Adds all descendants of the given rows. */
const withDescendants = (
  first: Iterable<ProcessRow>,
  { byParent }: Table,
  since: number
): ReadonlySet<ProcessRow> => {
  const family = new Set(first)
  // Rows that are added during the loop are visited too.
  for (const { pid } of family) {
    for (const child of byParent.get(pid) ?? []) if (isSince(child, since)) family.add(child)
  }
  return family
}

const remainsIn = (
  table: Table,
  { tree, known, claim, since, held, own }: Sought
): ReadonlyArray<RemainingProcess> => {
  const bootId = currentBootId()
  const leader = leaderOf(claim)
  const find = (pid: number, startTime: string) =>
    (table.byPid.get(pid) ?? []).filter((row) => row.startTime === startTime && isSince(row, since))
  const ownRows = [...own].toSorted((one, other) => one.pid - other.pid)
  const pgid = claim.kind === "shim" ? claim.pid : ownRows.find((row) => row.pid === row.pgid)?.pid
  const inGroup = (row: ProcessRow) => row.pgid === pgid
  const leads =
    leader !== null &&
    leader.bootId === bootId &&
    find(leader.pid, leader.startTime).length > 0 &&
    !isElsewhere(leader.pid, tree.mark)
  const proven = leads || ownRows.some(inGroup) || (!hasProc && held)
  const group =
    proven && pgid !== undefined
      ? (table.byGroup.get(pgid) ?? []).filter((row) => isSince(row, since))
      : []
  const kept = known.flatMap(({ identity }) => find(identity.pid, identity.startTime))
  return [...withDescendants([...ownRows, ...group, ...kept], table, since)]
    .toSorted((one, other) => one.pid - other.pid)
    .map((row) => ({
      identity: { pid: row.pid, startTime: row.startTime, bootId },
      inGroup: proven && inGroup(row)
    }))
}

/**
 * The live processes of each attempt, never this engine itself, by one reading of the process
 * table. The group counts only if it provably belongs to the attempt: its leader is the shim of the
 * claim, or a member has the marker or holds the FIFO. Without /proc, a held FIFO is proof enough
 * after the leader has ended. A process without all of these is found by its parent while that is
 * alive. An error concerns only its own attempt.
 */
export const remainsOfAll = (
  all: ReadonlyArray<Asked>
): ReadonlyArray<Result.Result<ReadonlyArray<RemainingProcess>, unknown>> => {
  const named = all.map((asked) => Result.try(() => seek(asked)))
  const rows = listProcesses().filter(({ pid }) => pid !== process.pid)
  const sought = named.map((each) =>
    Result.flatMap(each, (one) =>
      Result.try((): Sought => ({ ...one, ...checkHeld(one.tree.dir) }))
    )
  )
  if (hasProc)
    findOwn(
      rows,
      sought.flatMap((each) => (Result.isSuccess(each) ? [each.success] : []))
    )
  const table = {
    byPid: Map.groupBy(rows, ({ pid }) => pid),
    byGroup: Map.groupBy(rows, ({ pgid }) => pgid),
    byParent: Map.groupBy(rows, ({ ppid }) => ppid)
  }
  return sought.map((each) => Result.map(each, (one) => remainsIn(table, one)))
}
