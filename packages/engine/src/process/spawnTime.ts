/** Reads when the shim of an attempt was started, for an engine that did not spawn it. */
import { readFileSync } from "../system/files.ts"
import { wallNow } from "../system/time.ts"
import { readClaim } from "./Claim.ts"
import { currentBootId } from "./Identity.ts"
import { hasProc } from "./ProcessTable.ts"

/**
 * The ticks of /proc per second, on every Linux platform. Source: proc_pid_stat(5),
 * sysconf(_SC_CLK_TCK).
 */
const ticksPerSecond = 100

/**
 * When a process started (epoch ms), by its ticks since boot. If the clock was set since, it is the
 * time that the clock would have shown.
 */
const ofTicks = (startTime: string): number => {
  const uptimeSeconds = Number.parseFloat(readFileSync("/proc/uptime", "utf8"))
  return wallNow() - Math.round((uptimeSeconds - Number(startTime) / ticksPerSecond) * 1000)
}

/** How much (ms) the two may differ before the clock counts as set: ticks are coarse. */
const agreementMs = 1000

/**
 * When the shim that claimed an attempt started (epoch ms), after `openedAt`: by its claim, unless
 * the clock was set since, which is detected while its process is alive. Null if no shim has
 * claimed it.
 */
export const spawnTime = (dir: string, openedAt: number): number | null => {
  const claim = readClaim(dir)
  if (claim.kind !== "shim") return null
  const { identity, spawnedAt } = claim
  const isOfThisBoot = hasProc && identity !== null && identity.bootId === currentBootId()
  const shownAt = isOfThisBoot ? ofTicks(identity.startTime) : spawnedAt
  return Math.max(openedAt, Math.abs(shownAt - spawnedAt) < agreementMs ? spawnedAt : shownAt)
}
