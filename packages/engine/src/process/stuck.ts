/** Processes that SIGKILL does not end: another user's, and those in an uninterruptible sleep. */
import { readFileSync } from "../system/files.ts"
import { statIfThere } from "./statIfThere.ts"
import { maySignal } from "./posix.ts"
import { readState } from "./ProcessTable.ts"
import type { RemainingProcess } from "./remains.ts"

/** One such process, its user, and why it stays. */
export interface StuckProcess {
  readonly pid: number
  readonly user: string
  readonly why: string
}

const nameOf = (uid: number): string => {
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((each) => each.split(":")[2] === String(uid))
    return line?.split(":")[0] ?? String(uid)
  } catch {
    return String(uid)
  }
}

const userOf = (pid: number): string => {
  const uid = statIfThere(`/proc/${pid}`)?.uid
  return uid === undefined ? "unknown" : nameOf(uid)
}

const reasonOf = (pid: number): string | null => {
  if (!maySignal(pid)) return "it belongs to another user, and a signal is not permitted (EPERM)"
  return readState(pid) === "D" ? "it is in an uninterruptible sleep (state D)" : null
}

/** Those of the processes that a signal cannot end. */
export const stuckAmong = (left: ReadonlyArray<RemainingProcess>): ReadonlyArray<StuckProcess> =>
  left.flatMap(({ identity: { pid } }) => {
    const why = reasonOf(pid)
    return why === null ? [] : [{ pid, user: userOf(pid), why }]
  })
