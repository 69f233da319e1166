/** Looks now and then, for what the system refuses an event for: one timer for all, and none while nobody looks. */
import { ofProcess } from "../system/ofProcess.ts"
import { callAfterIdly } from "../system/time.ts"

const everyMs = 100
// A look costs about 50 us: past fifty of them the interval grows, so that looks stay near a fortieth of a core.
const everyPerLookMs = 2

const round = ofProcess(() => ({ looks: new Set<() => void>(), isSet: false }))

const goRound = (): void => {
  const now = round()
  now.isSet = false
  for (const look of now.looks) look()
  schedule()
}

const schedule = (): void => {
  const now = round()
  if (now.isSet || now.looks.size === 0) return
  now.isSet = true
  callAfterIdly(Math.max(everyMs, now.looks.size * everyPerLookMs), goRound)
}

/** Calls back now and then until the returned function is called. */
export const lookNowAndThen = (look: () => void): (() => void) => {
  const own = (): void => look()
  const { looks } = round()
  looks.add(own)
  schedule()
  return () => void looks.delete(own)
}
