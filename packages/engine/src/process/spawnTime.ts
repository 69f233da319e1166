/** When the shim of an attempt was started, by its own account: for an engine that did not spawn it. */
import { readFileSync } from "../system/files.ts"
import { wallNow } from "../system/time.ts"
import { readClaim } from "./Claim.ts"
import { currentBootId } from "./Identity.ts"
import { hasProc } from "./ProcessTable.ts"

/** Ticks of /proc a second, on every platform that Linux has. Source: proc_pid_stat(5), sysconf(_SC_CLK_TCK). */
const ticksPerSecond = 100

/** When a process began (epoch ms), by its ticks since boot. The clock may have been set since: then it is the time that the clock would have shown. */
const ofTicks = (startTime: string): number => {
  const uptimeSeconds = Number.parseFloat(readFileSync("/proc/uptime", "utf8"))
  return wallNow() - Math.round((uptimeSeconds - Number(startTime) / ticksPerSecond) * 1000)
}

/** By how much, in milliseconds, the two may differ before the clock was set: ticks are coarse. */
const agreementMs = 1000

/**
 * When the shim that claimed an attempt began (epoch ms), after `openedAt`: as its claim says, unless the clock was set since, which shows as long as
 * its process lives. Null when no shim has claimed it.
 */
export const spawnTime = (dir: string, openedAt: number): number | null => {
  const claim = readClaim(dir)
  if (claim.kind !== "shim") return null
  const { identity, spawnedAt } = claim
  const isOfThisBoot = hasProc && identity !== null && identity.bootId === currentBootId()
  const shownAt = isOfThisBoot ? ofTicks(identity.startTime) : spawnedAt
  return Math.max(openedAt, Math.abs(shownAt - spawnedAt) < agreementMs ? spawnedAt : shownAt)
}
