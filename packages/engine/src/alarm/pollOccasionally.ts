/**
 * Polls for changes that the system reports no event for: with one timer for all, and none when
 * nobody polls.
 */
import { ofProcess } from "../system/ofProcess.ts"
import { callAfterIdly } from "../system/time.ts"

const intervalMs = 100
// A check costs about 50 us. Above fifty checks the interval grows, so that they use about a
// fortieth of a core.
const intervalPerCheckMs = 2

const round = ofProcess(() => ({ checks: new Set<() => void>(), isSet: false }))

const runChecks = (): void => {
  const now = round()
  now.isSet = false
  for (const check of now.checks) check()
  schedule()
}

const schedule = (): void => {
  const now = round()
  if (now.isSet || now.checks.size === 0) return
  now.isSet = true
  callAfterIdly(Math.max(intervalMs, now.checks.size * intervalPerCheckMs), runChecks)
}

/** Calls back repeatedly until the returned function is called. */
export const pollOccasionally = (check: () => void): (() => void) => {
  const own = (): void => check()
  const { checks } = round()
  checks.add(own)
  schedule()
  return () => void checks.delete(own)
}
