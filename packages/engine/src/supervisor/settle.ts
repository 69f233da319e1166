/**
 * Settles an attempt that has ended by itself. A record is trusted; without one, a full search
 * comes first.
 */
import type { AttemptEnd } from "@backbeat/core/task/AttemptEnd"
import type { Task } from "@backbeat/core/task/Task"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { AgentAttempts } from "../agent/AgentAttempts.ts"
import { Home } from "../home/Home.ts"
import { HomeLock } from "../life/HomeLock.ts"
import { readClaim } from "../process/Claim.ts"
import {
  type AttemptEnd as ObservedEnd,
  inspectAttempt,
  isPassing,
  lostBehind
} from "../process/inspectAttempt.ts"
import { attemptEnd } from "../attempt/attemptEnd.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { Deadlines } from "./Deadlines.ts"
import { measured } from "../attempt/durations.ts"
import { MonitoredAttempts } from "../attempt/MonitoredAttempts.ts"
import { persistently } from "../alarm/persistently.ts"
import { type AttemptKey, Reports } from "../commit/Reports.ts"
import { untilGone } from "../attempt/untilGone.ts"
import { once } from "../wiring/once.ts"

/** Builds the function that settles attempts. The callbacks of processes run outside of effects. */
export const makeSettle = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const monitored = yield* MonitoredAttempts
    const deadlines = yield* Deadlines
    const reports = yield* Reports
    const agents = yield* AgentAttempts
    const lock = yield* HomeLock
    // Runs in this scope, so that it ends before the store is closed. The next engine handles later
    // ends.
    const run = yield* FiberSet.makeRuntime()

    const settle = ({ id, attempt }: AttemptKey, end: AttemptEnd): Effect.Effect<void> =>
      reports.report({ id, attempt }, { type: "End", end })

    /** A lack of resources is not an end: the attempt starts later. */
    const postpone = (task: Task, message: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        const claimed = readClaim(treeOf(root, task).dir).kind !== "none"
        return reports.report(
          { id: task.id, attempt: task.state.attempt },
          { type: "Postpone", message, claimed }
        )
      })

    /**
     * Without a record the attempt has ended only if a full search finds no process. Its end may be
     * recorded by then.
     */
    const verified = Effect.fnUntraced(function* (task: Task, found: ObservedEnd) {
      if (found.kind === "ended") return found
      const tree = treeOf(root, task)
      const seen = yield* untilGone(tree, () => isOurs(task))
      const now = inspectAttempt(tree.dir)
      if (now.kind === "ended") return now
      return seen && found.kind === "notSpawned" ? lostBehind(tree.dir, found.message) : found
    })

    /**
     * Whether the end is settled here. The end of a stopping attempt is settled by its stop, which
     * also waits for the remaining processes.
     */
    const isOurs = ({ id, state: { attempt } }: Task): boolean => {
      const live = monitored.find(id)
      // Results from a home that was moved are wrong; the next engine checks again.
      return (
        live?.stopping !== true && (live === null || live.attempt === attempt) && lock.isOwned()
      )
    }

    const end = Effect.fnUntraced(function* (task: Task, found: ObservedEnd) {
      if (!isOurs(task)) return
      const whole = yield* verified(task, found)
      if (!isOurs(task)) return
      const {
        id,
        state: { attempt }
      } = task
      const live = monitored.find(id)
      if (live !== null) live.isEndKnown = true
      // The end is known: no limit counts while the rest of the output is read.
      yield* deadlines.clear(id)
      if (whole.kind === "notSpawned" && isPassing(whole))
        return yield* postpone(task, whole.message)
      const ended = yield* measured(attemptEnd(whole, yield* Clock.currentTimeMillis), live)
      yield* settle({ id, attempt }, yield* agents.addOutcome(task, ended))
    })

    const onEnd =
      (task: Task) =>
      (found: ObservedEnd): void =>
        void run(persistently(`the end of ${task.id}`, end(task, found)))

    return { onEnd, postpone, settle }
  })
)
