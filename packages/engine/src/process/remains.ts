/**
 * Which processes of an attempt still live. Linux finds them by process group, environment mark, held FIFO
 * and descent; elsewhere only the group and what descends from it can be seen.
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

/** An attempt that may have processes: its folder and their mark. */
export type AttemptTree = { readonly dir: string; readonly mark: Mark }

/** A live process of an attempt; `inGroup` when a signal to the attempt's process group reaches it. */
export type RemainingProcess = { readonly identity: ProcessIdentity; readonly inGroup: boolean }

/** A look at an attempt; `known` is what an earlier look found, and keeps it known. */
export type Asked = { readonly tree: AttemptTree; readonly known: ReadonlyArray<RemainingProcess> }

/**
 * An attempt whose processes are looked for: `held` when somebody holds its FIFO, which is `alive`. `own` are the processes
 * that are the attempt's by what they carry, whatever group they are in.
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

/** What has to be known of an attempt before the process table is read. */
const seek = (asked: Asked) => {
  const claim = readClaim(asked.tree.dir)
  // Nothing of an attempt is older than its shim, and most of a machine's processes are.
  const isOfThisBoot = hasProc && claim.kind === "shim" && claim.bootId === currentBootId()
  const since = isOfThisBoot ? claim.since : 0
  return { ...asked, claim, since, own: new Set<ProcessRow>() }
}

/** Once nobody holds a FIFO, nobody ever will: one that is held after the table was read was held then. */
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

/** Adds to the given rows all that descends from them. */
const withDescendants = (
  first: Iterable<ProcessRow>,
  { byParent }: Table,
  since: number
): ReadonlySet<ProcessRow> => {
  const family = new Set(first)
  // What is added while the loop runs is looped over too.
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
 * The live processes of each attempt, never this engine itself, in one reading of the process table. The group counts only
 * when it is provably the attempt's: its leader is the shim that made the claim, or a member carries the mark or holds the
 * FIFO. Without /proc a FIFO that is held stands for the proof once the leader is gone. A process that left all of that
 * behind is told by its parent, as long as that lives. What cannot be told of one attempt is its failure alone.
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
