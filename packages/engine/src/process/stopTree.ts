/**
 * Stops the whole process tree of an attempt: asks all of it politely, and kills what is left at a deadline. Holds no
 * state of its own, so a stop that was interrupted, or whose engine was killed, is resumed by starting it again.
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

/** The signals that ask for a stop: the shim outlives these and records how the command took them. */
export type StopSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGUSR1" | "SIGUSR2"

/**
 * How to stop: the polite signal, and the milliseconds after which SIGKILL is used. `onStuck` hears, a second after
 * SIGKILL and then again and again, which processes it does not end.
 */
export type StopOrder = {
  readonly stopSignal: StopSignal
  readonly graceMs: number
  readonly onStuck?: (stuck: ReadonlyArray<StuckProcess>) => void
}

/** What a stop has ended, without the shim: `<pid> <command>` of the first, how many there were, and the TCP ports on which none of them listens any more. */
export type Stopped = {
  readonly ended: ReadonlyArray<string>
  readonly endedCount: number
  readonly freedPorts?: ReadonlyArray<number>
}

const describedAtMost = 10

/** Notes which processes were there, and where they listened, while that can be read. */
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
        // Between fork and exec the command is one too, and a later look sees its own program.
        if (isShim(pid)) continue
        const key = `${pid} ${startTime}`
        const isNew = !seen.has(key)
        if (isNew) pids.push(pid)
        const name = seen.size <= describedAtMost ? describeProcess(pid) : ""
        // One that dies meanwhile shows less of its name than before: it was whole when it shows its arguments still.
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
/** How long SIGKILL has time before what lives is called stuck, and how long after each look at what is. */
const stuckAfterMs = 1000
const stuckRescanMs = 1000
const spareMs = 200

const signalTree = (left: ReadonlyArray<RemainingProcess>, signal: NodeJS.Signals): void => {
  // A member that lives proves that the group is still the one that was looked at.
  const member = left.find((each) => each.inGroup && isAlive(each.identity))
  const pgid = member === undefined ? undefined : readProcess(member.identity.pid)?.pgid
  if (pgid !== undefined) signalGroup(pgid, signal)
  for (const { identity, inGroup } of left) {
    if (!inGroup && isAlive(identity)) signalProcess(identity.pid, signal)
  }
}

const programOf = (pid: number): string =>
  readProcFile(`/proc/${pid}/cmdline`)?.toString("latin1") ?? ""

/** Whether only the shim and its forks are there. A signal in the instant before the command exists is lost on it. */
const isBeforeCommand = (dir: string, left: ReadonlyArray<RemainingProcess>): boolean => {
  const claim = readClaim(dir)
  const pids = left.map((each) => each.identity.pid)
  if (!hasProc || claim.kind !== "shim" || !pids.includes(claim.pid)) return false
  const program = programOf(claim.pid)
  return pids.every((pid) => programOf(pid) === program)
}

/** A process that was asked between fork and exec may have lost the signal, so it is another one afterwards. */
const keyOf = ({ identity }: RemainingProcess): string =>
  `${identity.pid} ${identity.startTime} ${programOf(identity.pid)}`

/** Asks a tree to stop in the course of several looks at it; answers whether the command was there to be asked. */
const askingWith = (dir: string, signal: StopSignal) => {
  const asked = new Set<string>()
  let askedShim = false
  return (left: ReadonlyArray<RemainingProcess>, over: boolean): boolean => {
    if (asked.size === 0 && isBeforeCommand(dir, left)) {
      if (!askedShim) signalTree(left, signal)
      // A shim that stands still may have the end of its command to record.
      signalTree(left, "SIGCONT")
      askedShim = true
      return false
    }
    const first = asked.size === 0
    // What came later may be cleaning up. What of it outlives the command has to be asked too.
    const newcomers =
      first || over
        ? left.map((each) => ({ ...each, key: keyOf(each) })).filter(({ key }) => !asked.has(key))
        : []
    if (first) {
      signalTree(left, signal)
      // What stands still would hear of it only when it goes on.
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

/** Ends by the event that nobody holds the FIFO or, before the command is over, by the event of its record. */
const changed = (dir: string, over: boolean): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const wake = () => resume(Effect.void)
    return Effect.sync(over ? onReleased(dir, wake) : watchEnd(dir, wake))
  })

type Patience = { readonly rescanMs: number; readonly atMostMs: number }

/**
 * Waits for an event, `atMostMs` at the longest. Processes that closed the FIFO give none: while a stop is under way,
 * the tree is looked at again for them after `rescanMs`.
 */
const waitForChange = (
  dir: string,
  over: boolean,
  { rescanMs, atMostMs }: Patience
): Effect.Effect<void> =>
  isHeld(dir)
    ? Effect.raceFirst(changed(dir, over), Effect.sleep(Math.min(atMostMs, longestWaitMs)))
    : Effect.sleep(Math.min(rescanMs, atMostMs))

/** For a moment from the first SIGKILL on the shim is spared, so that it records how the command took it. */
const sparingShim = () => {
  let killedAt: number | null = null
  return (): boolean => {
    killedAt ??= steadyMs()
    return steadyMs() - killedAt < spareMs
  }
}

/** The shim, when it may have an end to record: its command was seen, or it stands still. Before its command it has none. */
const recordingShim = (
  dir: string,
  left: ReadonlyArray<RemainingProcess>,
  hadCommand: boolean
): number | null => {
  const claim = readClaim(dir)
  if (claim.kind !== "shim" || !left.some(({ identity }) => identity.pid === claim.pid)) return null
  return hadCommand || readState(claim.pid) === "T" ? claim.pid : null
}

/** Kills what is left but the given shim, which goes on if it stands still. */
const killTree = (left: ReadonlyArray<RemainingProcess>, shim: number | null): void => {
  if (shim === null) return signalTree(left, "SIGKILL")
  for (const { identity } of left) {
    if (isAlive(identity))
      signalProcess(identity.pid, identity.pid === shim ? "SIGCONT" : "SIGKILL")
  }
}

/** Tells which processes SIGKILL does not end, once it had its time; answers whether there are any. */
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
 * Ends when no process of the attempt is left that `look` can see. What has not begun never begins. No grace means
 * SIGKILL at once. What cannot be killed is told of, and waited for without end.
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
    // Looked up before the processes are, so that the end of a command that is not over yet is an event still to come.
    const over = isCommandOver(dir)
    left = yield* lookTogether(tree, left)
    if (left.length === 0) {
      // A process shows no environment for an instant while it execs: nothing is left when two looks find nothing.
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
      // What the command left behind may have come too late to be asked, and gives no event: some more looks find it.
      const settled = ask(left, over) && (!over || rescanMs === longestRescanMs)
      yield* waitForChange(dir, over, {
        rescanMs,
        atMostMs: settled ? leftMs : Math.min(rescanMs, leftMs)
      })
    }
  }
})
