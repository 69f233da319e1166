/** Looks now and then, for what the system refuses an event for: one timer for all, and none while nobody looks. */

const everyMs = 100
// A look costs about 50 us: past fifty of them the interval grows, so that looks stay near a fortieth of a core.
const everyPerLookMs = 2

const looks = new Set<() => void>()
let timer: ReturnType<typeof setTimeout> | undefined

const goRound = (): void => {
  timer = undefined
  for (const look of looks) look()
  schedule()
}

const schedule = (): void => {
  if (timer !== undefined || looks.size === 0) return
  timer = setTimeout(goRound, Math.max(everyMs, looks.size * everyPerLookMs))
  timer.unref()
}

/** Calls back now and then until the returned function is called. */
export const lookNowAndThen = (look: () => void): (() => void) => {
  const own = (): void => look()
  looks.add(own)
  schedule()
  return () => void looks.delete(own)
}
