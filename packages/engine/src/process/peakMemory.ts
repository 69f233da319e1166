/** What the system says of the memory of attempts that have ended, in this engine: it tells a process about its own children only, and once. */

import { ofProcess } from "../system/ofProcess.ts"

/** Of so many attempts it is kept. */
const keptAtMost = 1000

const all = ofProcess(() => new Map<string, number>())

const ownPeak = ofProcess(() => ({ bytes: 0 }))

/** Whether this engine itself has had as much, and a little: the system counts pages in batches. What it has had once it will always have had. */
const isOwnPeak = (bytes: number): boolean => {
  if (bytes > ownPeak().bytes) ownPeak().bytes = process.resourceUsage().maxRSS * 1024 * 1.1
  return bytes <= ownPeak().bytes
}

/**
 * Notes the most memory that one process of the attempt had, in bytes. Until it executes its program a new process has the memory of this
 * engine, and the system counts that too: a peak below the engine's own is not the attempt's.
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

/** The most memory that one process of the attempt had, in bytes; null where that is not known. Source: getrusage(2), ru_maxrss. */
export const peakMemoryOf = (dir: string): number | null => all().get(dir) ?? null
