/** Settles an attempt that has ended by itself. A record is believed; without one, a full look comes first. */
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

/** What settling needs, made once: the callbacks of processes run outside of any effect. */
export const makeSettle = once(
  Effect.gen(function* () {
    const { root } = yield* Home
    const monitored = yield* MonitoredAttempts
    const deadlines = yield* Deadlines
    const reports = yield* Reports
    const agents = yield* AgentAttempts
    const lock = yield* HomeLock
    // What an end brings about ends before what it is stored in is closed; what comes later is seen by the next engine.
    const run = yield* FiberSet.makeRuntime()

    const settle = ({ id, attempt }: AttemptKey, end: AttemptEnd): Effect.Effect<void> =>
      reports.report({ id, attempt }, { type: "End", end })

    /** What the system is short of for now is no end: the attempt is started later. */
    const postpone = (task: Task, message: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        const claimed = readClaim(treeOf(root, task).dir).kind !== "none"
        return reports.report(
          { id: task.id, attempt: task.state.attempt },
          { type: "Postpone", message, claimed }
        )
      })

    /** Without a record it has ended only when a full look finds nothing of it; what it ended with may be on record by then. */
    const verified = Effect.fnUntraced(function* (task: Task, found: ObservedEnd) {
      if (found.kind === "ended") return found
      const tree = treeOf(root, task)
      const seen = yield* untilGone(tree, () => isOurs(task))
      const now = inspectAttempt(tree.dir)
      if (now.kind === "ended") return now
      return seen && found.kind === "notSpawned" ? lostBehind(tree.dir, found.message) : found
    })

    /** Whether the end of the task's attempt is told here: a stopping attempt is settled by its stop, which also waits for what the leader left behind. */
    const isOurs = ({ id, state: { attempt } }: Task): boolean => {
      const live = monitored.find(id)
      // What is found in a home that is not at its place is found wrong; the next engine looks again.
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
      // It is over: what is yet to be read of it counts for no limit.
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
