/**
 * The clocks, timers and turns of the system, for code outside of effects; inside there is effect's
 * Clock.
 */

/** Clocks and timers. */
export interface TimeCalls {
  /** The wall clock (epoch ms), which may be set. */
  readonly wallNow: () => number
  /** The monotonic clock (ms since an arbitrary moment). */
  readonly steadyMs: () => number
  /** Calls back once after so many milliseconds; the returned function cancels it. */
  readonly callAfter: (ms: number, act: () => void) => () => void
  /** The same, but does not keep the program running. */
  readonly callAfterIdly: (ms: number, act: () => void) => () => void
  /** Calls back in the next turn of the event loop, after pending events. */
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

/** Replaces all calls; null restores those of the system. */
export const replaceTime = (calls: TimeCalls | null): void => {
  ;({ callAfter, callAfterIdly, callNextTurn, steadyMs, wallNow } = calls ?? native)
}
