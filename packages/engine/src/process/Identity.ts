/**
 * The identity of a process beyond its reusable pid. A pid alone is never enough to signal a
 * process or to call it alive.
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

/** The id of the current boot of the machine. */
export const currentBootId = (): string => knownBootId()

/** The identity of a live process; null if there is none or only a zombie. */
export const identify = (pid: number): ProcessIdentity | null => {
  const row = readProcess(pid)
  return row === null ? null : { pid, startTime: row.startTime, bootId: currentBootId() }
}

/**
 * Whether exactly this process still runs: false for a zombie, another boot, and another process
 * with its pid.
 */
export const isAlive = (identity: ProcessIdentity): boolean =>
  identity.bootId === currentBootId() && readProcess(identity.pid)?.startTime === identity.startTime
