/**
 * Waits for the end of an attempt that need not be a child of this engine: by the event of its record, because a
 * daemon that it left may hold the FIFO for ever, and by the event that nobody holds the FIFO.
 */
import { existsSync } from "../system/files.ts"
import { join } from "node:path"
import { callAfter } from "../system/time.ts"
import { onReleased } from "./AliveFifo.ts"
import { preventUnclaimedStart } from "./Claim.ts"
import type { AttemptEnd } from "./inspectAttempt.ts"
import { inspectAttempt, inspectReleased } from "./inspectAttempt.ts"
import { killedBefore } from "./notBegun.ts"
import { onChange } from "../alarm/onChange.ts"
import { sendEof } from "./stdin.ts"

/** Bun drops the second of two changes of a file that come within a millisecond: of the times and the end behind them it may tell the times alone. */
const settledAfterMs = 5

/** The files in which an end is written, now or by a shim of an earlier version. */
const recordNames: ReadonlySet<string> = new Set(["claim", "exit"])

/** Those that are there; the folder as long as there is none, for a late shim makes one. */
const watchedIn = (dir: string): ReadonlyArray<string> => {
  const files = [...recordNames].map((name) => join(dir, name)).filter((path) => existsSync(path))
  return files.length === 0 ? [dir] : files
}

const againAfterMs = 250

/**
 * Calls back once with the attempt's end, possibly before it returns; answers how to stop watching. An unclaimed
 * attempt whose shim is gone is ruled out.
 */
export const watchEnd = (dir: string, ended: (end: AttemptEnd) => void): (() => void) => {
  let watching = true
  const cancels: Array<() => void> = []
  const stop = () => {
    watching = false
    for (const cancel of cancels.splice(0)) cancel()
  }
  const finish = (end: AttemptEnd) => {
    // The holder of an open stdin outlives a shim that was killed.
    if (end.kind === "gone") sendEof(dir)
    stop()
    ended(end)
  }
  /** An event comes once: what it cannot tell for want of a descriptor is told a moment later. */
  const persistent = (act: () => void) => (): void => {
    if (!watching) return
    try {
      act()
    } catch {
      cancels.push(callAfter(againAfterMs, persistent(act)))
    }
  }
  const look = persistent(() => {
    const state = inspectAttempt(dir)
    if (state.kind !== "alive" && state.kind !== "unclaimed") finish(state)
  })
  let cancelLook: (() => void) | null = null
  const lookTwice = (): void => {
    look()
    cancelLook?.()
    cancelLook = watching ? callAfter(settledAfterMs, look) : null
  }
  cancels.push(() => cancelLook?.())
  /** Looks behind the watch too, for what came before it has no event. */
  const watchRecord = (): void => {
    const paths = watchedIn(dir)
    const watches = paths.map((path) =>
      onChange(path, (name) => {
        if (path !== dir) return lookTwice()
        // All that the attempt prints comes by here too.
        if (name !== null && !recordNames.has(name)) return
        if (!watching || watchedIn(dir).includes(dir)) return look()
        for (const cancel of watches) cancel()
        watchRecord()
      })
    )
    cancels.push(() => watches.forEach((cancel) => cancel()))
    look()
  }
  const lookAfterRelease = persistent(() => {
    // Not inspectAttempt: a shim that is just exiting has closed the FIFO and is still in the process table.
    const end = inspectReleased(dir)
    preventUnclaimedStart(dir, killedBefore)
    finish(end.kind === "notSpawned" ? inspectReleased(dir) : end)
  })
  const listen = persistent(() => {
    const cancel = onReleased(dir, lookAfterRelease)
    if (watching) cancels.push(cancel)
  })
  look()
  if (!watching) return stop
  watchRecord()
  listen()
  return stop
}
