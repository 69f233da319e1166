/** The clocks, timers and turns of the system, for code that runs outside of any effect; inside of one there is effect's Clock. */

/** What tells and lets pass time. */
export interface TimeCalls {
  /** The wall clock (epoch ms), which somebody may set. */
  readonly wallNow: () => number
  /** The monotonic clock (ms since some moment). */
  readonly steadyMs: () => number
  /** Calls back once after so many milliseconds; the returned function cancels that. */
  readonly callAfter: (ms: number, act: () => void) => () => void
  /** The same, and the program may end meanwhile. */
  readonly callAfterIdly: (ms: number, act: () => void) => () => void
  /** Calls back on the next turn of the event loop, behind the events that are there. */
  readonly callNextTurn: (act: () => void) => void
}

const native: TimeCalls = {
  wallNow: () => Date.now(),
  steadyMs: () => performance.now(),
  callAfter: (ms, act) => {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
  callAfterIdly: (ms, act) => {
    const timer = setTimeout(act, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
  callNextTurn: (act) => void setImmediate(act)
}

export let { callAfter, callAfterIdly, callNextTurn, steadyMs, wallNow } = native

/** Replaces all of them; by those of the system when null. */
export const replaceTime = (calls: TimeCalls | null): void => {
  ;({ callAfter, callAfterIdly, callNextTurn, steadyMs, wallNow } = calls ?? native)
}
