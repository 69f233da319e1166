/**
 * Who a process is, beyond its reusable pid: nothing is signalled or called alive on the word of a pid alone.
 */
import { readFileSync } from "../system/files.ts"
import { ofProcess } from "../system/ofProcess.ts"
import { hasProc, readProcess } from "./ProcessTable.ts"

/** One process of one boot of this machine; `startTime` is as in ProcessRow. */
export type ProcessIdentity = {
  readonly pid: number
  readonly startTime: string
  readonly bootId: string
}

const readBootId = (): string =>
  hasProc
    ? readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()
    : Bun.spawnSync(["/usr/sbin/sysctl", "-n", "kern.boottime"]).stdout.toString().trim()

const knownBootId = ofProcess(readBootId)

/** The id of the machine's present boot. */
export const currentBootId = (): string => knownBootId()

/** The identity of a live process; null when there is none, or only its zombie. */
export const identify = (pid: number): ProcessIdentity | null => {
  const row = readProcess(pid)
  return row === null ? null : { pid, startTime: row.startTime, bootId: currentBootId() }
}

/** Whether this very process still runs: false for a zombie, for another boot, and for a stranger with its pid. */
export const isAlive = (identity: ProcessIdentity): boolean =>
  identity.bootId === currentBootId() && readProcess(identity.pid)?.startTime === identity.startTime
