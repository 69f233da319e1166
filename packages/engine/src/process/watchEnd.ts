/**
 * Waits for the end of an attempt that need not be a child of this engine: by the event of its record, because a
 * daemon that it left may hold the FIFO for ever, and by the event that nobody holds the FIFO.
 */
import { closeSync, existsSync, openSync } from "../system/files.ts"
import { join } from "node:path"
import { callAfter } from "../system/time.ts"
import { onReleased } from "./AliveFifo.ts"
import { preventUnclaimedStart } from "./Claim.ts"
import type { AttemptEnd } from "./inspectAttempt.ts"
import { inspectAttempt, inspectReleased } from "./inspectAttempt.ts"
import { killedBefore } from "./notBegun.ts"
import { onChange } from "../alarm/onChange.ts"
import { sendEof } from "./stdin.ts"

/** A watch needs a file: where there is no room for an empty one, or only reading is allowed, the record is looked for now and then. */
const makeRecord = (dir: string): void => {
  try {
    closeSync(openSync(recordOf(dir), "a", 0o600))
  } catch {
    // The shim has made it before, or writes it when it can.
  }
}

const recordOf = (dir: string): string => join(dir, "exit")

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
  // Looked at again behind the watch, for the record may have come in between.
  if (!existsSync(recordOf(dir))) makeRecord(dir)
  cancels.push(onChange(recordOf(dir), look))
  look()
  listen()
  return stop
}
