/**
 * Stops all processes of an attempt: sends the stop signal, and kills the rest at a deadline. Keeps
 * no state, so a stop that was interrupted, or whose engine was killed, is resumed by starting it
 * again.
 */
import * as Effect from "effect/Effect"
import { isHeld, onReleased } from "./AliveFifo.ts"
import { steadyMs } from "../system/time.ts"
import { readClaim, preventUnclaimedStart } from "./Claim.ts"
import { isAlive } from "./Identity.ts"
import { inspectAttempt } from "./inspectAttempt.ts"
import { lookTogether } from "./look.ts"
import { describeProcess, showsArguments } from "./describeProcess.ts"
import { isShim } from "./isShim.ts"
import { freedPorts, type Listening, listeningOf } from "./listeners.ts"
import { signalGroup, signalProcess } from "./posix.ts"
import { hasProc, readProcess, readProcFile, readState } from "./ProcessTable.ts"
import type { AttemptTree, RemainingProcess } from "./remains.ts"
import { sendEof } from "./stdin.ts"
import { type StuckProcess, stuckAmong } from "./stuck.ts"
import { steadyNow } from "../alarm/steadyNow.ts"
import { watchEnd } from "./watchEnd.ts"

/** The stop signals: the shim survives these and records how the command reacted. */
export type StopSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGUSR1" | "SIGUSR2"

/**
 * How to stop: the stop signal, and the milliseconds until SIGKILL. `onStuck` is called a second
 * after SIGKILL, and then repeatedly, with the processes that it does not end.
 */
export type StopOrder = {
  readonly stopSignal: StopSignal
  readonly graceMs: number
  readonly onStuck?: (stuck: ReadonlyArray<StuckProcess>) => void
}

/**
 * The processes that a stop has ended, without the shim: `<pid> <command>` of the first, their
 * number, and the TCP ports on which none of them listens any more.
 */
export type Stopped = {
  readonly ended: ReadonlyArray<string>
  readonly endedCount: number
  readonly freedPorts?: ReadonlyArray<number>
}

const describedAtMost = 10

/** Records which processes were there and where they listened, while that can be read. */
const noting = (dir: string) => {
  const seen = new Map<string, string>()
  const sockets: Array<Listening> = []
  let isAny = false
  return {
    note: (left: ReadonlyArray<RemainingProcess>): void => {
      const claim = readClaim(dir)
      const pids: Array<number> = []
      for (const {
        identity: { pid, startTime }
      } of left) {
        if (claim.kind === "shim" && claim.pid === pid) continue
        isAny = true
        // Between fork and exec the command looks like a shim; a later scan sees its program.
        if (isShim(pid)) continue
        const key = `${pid} ${startTime}`
        const isNew = !seen.has(key)
        if (isNew) pids.push(pid)
        const name = seen.size <= describedAtMost ? describeProcess(pid) : ""
        // A dying process shows less of its command line. Its earlier one was complete if it still
        // shows arguments.
        if (isNew || (name !== "" && showsArguments(pid))) seen.set(key, name)
      }
      sockets.push(...listeningOf(pids))
    },
    endedAny: (): boolean => isAny,
    stopped: (): Stopped => {
      const ports = freedPorts(sockets)
      return {
        ended: [...seen.values()].slice(0, describedAtMost),
        endedCount: seen.size,
        ...(ports.length === 0 ? {} : { freedPorts: ports })
      }
    }
  }
}

const firstRescanMs = 1
const longestRescanMs = 250
const longestWaitMs = 2 ** 30
/**
 * How long after SIGKILL a live process counts as stuck, and how long between checks of stuck
 * processes.
 */
const stuckAfterMs = 1000
const stuckRescanMs = 1000
const spareMs = 200

const signalTree = (left: ReadonlyArray<RemainingProcess>, signal: NodeJS.Signals): void => {
  // A live member proves that the group is still the same.
  const member = left.find((each) => each.inGroup && isAlive(each.identity))
  const pgid = member === undefined ? undefined : readProcess(member.identity.pid)?.pgid
  if (pgid !== undefined) signalGroup(pgid, signal)
  for (const { identity, inGroup } of left) {
    if (!inGroup && isAlive(identity)) signalProcess(identity.pid, signal)
  }
}

const programOf = (pid: number): string =>
  readProcFile(`/proc/${pid}/cmdline`)?.toString("latin1") ?? ""

/**
 * Whether only the shim and its forks are there. A signal just before the command exists is lost on
 * it.
 */
const isBeforeCommand = (dir: string, left: ReadonlyArray<RemainingProcess>): boolean => {
  const claim = readClaim(dir)
  const pids = left.map((each) => each.identity.pid)
  if (!hasProc || claim.kind !== "shim" || !pids.includes(claim.pid)) return false
  const program = programOf(claim.pid)
  return pids.every((pid) => programOf(pid) === program)
}

/**
 * A process that was signalled between fork and exec may have lost the signal, so it counts as
 * another one afterwards.
 */
const keyOf = ({ identity }: RemainingProcess): string =>
  `${identity.pid} ${identity.startTime} ${programOf(identity.pid)}`

/**
 * Signals the processes of an attempt during several scans. Returns whether the command was there
 * to be signalled.
 */
const askingWith = (dir: string, signal: StopSignal) => {
  const asked = new Set<string>()
  let askedShim = false
  return (left: ReadonlyArray<RemainingProcess>, over: boolean): boolean => {
    if (asked.size === 0 && isBeforeCommand(dir, left)) {
      if (!askedShim) signalTree(left, signal)
      // A suspended shim may have the end of its command to record.
      signalTree(left, "SIGCONT")
      askedShim = true
      return false
    }
    const first = asked.size === 0
    // Later processes may be cleaning up. Those that outlive the command must be signalled too.
    const newcomers =
      first || over
        ? left.map((each) => ({ ...each, key: keyOf(each) })).filter(({ key }) => !asked.has(key))
        : []
    if (first) {
      signalTree(left, signal)
      // A suspended process would receive the signal only when it continues.
      signalTree(left, "SIGCONT")
    }
    for (const { identity, key } of newcomers) {
      if (!first && isAlive(identity)) signalProcess(identity.pid, signal)
      asked.add(key)
    }
    return true
  }
}

const isCommandOver = (dir: string): boolean => {
  const state = inspectAttempt(dir)
  return state.kind !== "alive" || !state.shimAlive
}

/**
 * Waits until no process holds the FIFO or, before the command has ended, until its record changes.
 */
const changed = (dir: string, over: boolean): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const wake = () => resume(Effect.void)
    return Effect.sync(over ? onReleased(dir, wake) : watchEnd(dir, wake))
  })

type Patience = { readonly rescanMs: number; readonly atMostMs: number }

/**
 * Waits for an event, at most `atMostMs`. Processes that closed the FIFO cause none, so during a
 * stop the tree is scanned again after `rescanMs`.
 */
const waitForChange = (
  dir: string,
  over: boolean,
  { rescanMs, atMostMs }: Patience
): Effect.Effect<void> =>
  isHeld(dir)
    ? Effect.raceFirst(changed(dir, over), Effect.sleep(Math.min(atMostMs, longestWaitMs)))
    : Effect.sleep(Math.min(rescanMs, atMostMs))

/**
 * For a moment after the first SIGKILL the shim is spared, so that it records the end of the
 * command.
 */
const sparingShim = () => {
  let killedAt: number | null = null
  return (): boolean => {
    killedAt ??= steadyMs()
    return steadyMs() - killedAt < spareMs
  }
}

/**
 * The shim, if it may have an end to record: its command was seen, or it is suspended. Before its
 * command it has none.
 */
const recordingShim = (
  dir: string,
  left: ReadonlyArray<RemainingProcess>,
  hadCommand: boolean
): number | null => {
  const claim = readClaim(dir)
  if (claim.kind !== "shim" || !left.some(({ identity }) => identity.pid === claim.pid)) return null
  return hadCommand || readState(claim.pid) === "T" ? claim.pid : null
}

/** Kills the remaining processes except the given shim, which is continued if it is suspended. */
const killTree = (left: ReadonlyArray<RemainingProcess>, shim: number | null): void => {
  if (shim === null) return signalTree(left, "SIGKILL")
  for (const { identity } of left) {
    if (isAlive(identity))
      signalProcess(identity.pid, identity.pid === shim ? "SIGCONT" : "SIGKILL")
  }
}

/**
 * Reports the processes that SIGKILL does not end after its time. Returns whether there are any.
 */
const tellingStuck = (onStuck: StopOrder["onStuck"]) => {
  let killedAt: number | null = null
  return (left: ReadonlyArray<RemainingProcess>): boolean => {
    killedAt ??= steadyMs()
    if (onStuck === undefined || steadyMs() - killedAt < stuckAfterMs) return false
    const stuck = stuckAmong(left)
    if (stuck.length > 0) onStuck(stuck)
    return stuck.length > 0
  }
}

const endOrphanedHolder = (dir: string): void => {
  const claim = readClaim(dir)
  if (claim.kind === "shim" && (claim.identity === null || !isAlive(claim.identity))) sendEof(dir)
}

/**
 * Returns when a scan finds no process of the attempt. An attempt that has not started never
 * starts. A grace period of 0 means SIGKILL at once. Processes that cannot be killed are reported
 * and awaited without end.
 */
export const stopTree = Effect.fnUntraced(function* (
  tree: AttemptTree,
  { stopSignal, graceMs, onStuck }: StopOrder
) {
  const { dir } = tree
  const begun = yield* steadyNow
  preventUnclaimedStart(dir, "stopped before its command started")
  const ask = askingWith(dir, stopSignal)
  const { note, endedAny, stopped } = noting(dir)
  const stuckAfter = tellingStuck(onStuck)
  const sparing = sparingShim()
  let rescanMs = firstRescanMs
  let wasOver = false
  let seenEmpty = false
  let left: ReadonlyArray<RemainingProcess> = []
  for (;;) {
    endOrphanedHolder(dir)
    // Read before the scan, so that a later end of the command is still an event.
    const over = isCommandOver(dir)
    left = yield* lookTogether(tree, left)
    if (left.length === 0) {
      // A process shows no environment for an instant while it execs, so only two empty scans mean
      // that nothing is left.
      if (seenEmpty) return stopped()
      seenEmpty = true
      yield* Effect.sleep(firstRescanMs)
      continue
    }
    seenEmpty = false
    note(left)
    rescanMs = over === wasOver ? Math.min(rescanMs * 2, longestRescanMs) : firstRescanMs
    wasOver = over
    const leftMs = begun + graceMs - (yield* steadyNow)
    if (leftMs <= 0) {
      killTree(left, sparing() ? recordingShim(dir, left, endedAny()) : null)
      const atMostMs = stuckAfter(left) ? stuckRescanMs : rescanMs
      yield* waitForChange(dir, over, { rescanMs: atMostMs, atMostMs })
    } else {
      // Processes that the command left may have appeared too late to be signalled, and cause no
      // event: further scans find them.
      const settled = ask(left, over) && (!over || rescanMs === longestRescanMs)
      yield* waitForChange(dir, over, {
        rescanMs,
        atMostMs: settled ? leftMs : Math.min(rescanMs, leftMs)
      })
    }
  }
})
