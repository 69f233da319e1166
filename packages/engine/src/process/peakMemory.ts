/**
 * The peak memory of attempts that ended in this engine: the system reports it only once, for
 * children of the process.
 */

import { ofProcess } from "../system/ofProcess.ts"

/** How many attempts are remembered. */
const keptAtMost = 1000

const all = ofProcess(() => new Map<string, number>())

const ownPeak = ofProcess(() => ({ bytes: 0 }))

/**
 * Whether this engine itself has had about as much memory: the system counts pages in batches, and
 * its peak never decreases.
 */
const isOwnPeak = (bytes: number): boolean => {
  if (bytes > ownPeak().bytes) ownPeak().bytes = process.resourceUsage().maxRSS * 1024 * 1.1
  return bytes <= ownPeak().bytes
}

/**
 * Records the peak memory of one process of the attempt, in bytes. Before it executes its program,
 * a new process has the memory of this engine, which the system counts too. So a peak below the
 * engine's own is not the attempt's.
 */
export const notePeakMemory = (dir: string, bytes: number): void => {
  if (isOwnPeak(bytes)) return
  const peaks = all()
  // A late shim that found the attempt claimed ends too.
  const most = Math.max(bytes, peaks.get(dir) ?? 0)
  peaks.delete(dir)
  peaks.set(dir, most)
  const [oldest] = peaks.keys()
  if (peaks.size > keptAtMost && oldest !== undefined) peaks.delete(oldest)
}

/**
 * The peak memory of one process of the attempt, in bytes; null if unknown. Source: getrusage(2),
 * ru_maxrss.
 */
export const peakMemoryOf = (dir: string): number | null => all().get(dir) ?? null
