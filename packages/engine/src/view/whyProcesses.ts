/**
 * Explains the processes of a task: leftover ones, suspended ones, and those that a stop has ended
 * or cannot end.
 */
import type { Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import { endedAt, endOf, isFinal, lastAttempt } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { describeProcess } from "../process/describeProcess.ts"
import { withoutShim } from "../process/isShim.ts"
import { look } from "../process/look.ts"
import { readState } from "../process/ProcessTable.ts"
import { treeOf } from "../attempt/attemptSpec.ts"
import { Clearings } from "../attempt/Clearings.ts"
import { leftoverProcesses } from "../attempt/leftover.ts"
import { Stops } from "../attempt/Stops.ts"
import { iso } from "./taskAnswer.ts"

type Reason = Output<"why">["because"][number]

const maxShown = 10

const listed = (shown: ReadonlyArray<string>, count: number): string =>
  count > shown.length ? `${shown.join(", ")} and ${count - shown.length} more` : shown.join(", ")

const described = (pids: ReadonlyArray<number>): string => {
  const commandPids = withoutShim(pids)
  return listed(commandPids.slice(0, maxShown).map(describeProcess), commandPids.length)
}

const sayFreed = (ports: ReadonlyArray<number> = []): string =>
  ports.length === 0 ? "" : `, and freed port ${ports.join(", ")}`

/** The processes that the stop of the last attempt has ended. */
export const sayEnded = ({ state }: Task): ReadonlyArray<Reason> => {
  const end = endOf(state)
  const stopped = end?.stopped
  return end === null || stopped === undefined
    ? []
    : [
        {
          what: `the stop ended ${listed(stopped.ended, stopped.endedCount)}${sayFreed(stopped.freedPorts)}`,
          since: iso(endedAt(state) ?? end.endedAt)
        }
      ]
}

/** Builds the explanation of processes. */
export const makeWhyProcesses = Effect.gen(function* () {
  const { root } = yield* Home
  const clearings = yield* Clearings
  const stops = yield* Stops

  const leftover = Effect.fnUntraced(function* (task: Task, now: number) {
    const left = yield* leftoverProcesses(root, task)
    if (left.length === 0) return []
    const stopping = clearings.find(task.id)
    const next =
      isFinal(task.state.status) || stopping?.kind !== "stopping"
        ? "stop ends them"
        : `they get SIGKILL at ${iso(stopping.killAt)}`
    const since = stopping?.kind === "stopping" ? stopping.since : now
    const pids = left.map(({ identity }) => identity.pid)
    return [
      {
        what: `processes of attempt ${lastAttempt(task.state)} still run (${described(pids)}); ${next}`,
        since: iso(since)
      } satisfies Reason
    ]
  })

  const suspended = Effect.fnUntraced(function* (task: Task, now: number) {
    const pids = (yield* look(treeOf(root, task)))
      .map(({ identity }) => identity.pid)
      .filter((pid) => readState(pid) === "T")
    if (pids.length === 0) return []
    return [
      {
        what: `some of its processes are stopped (state T): ${described(pids)}; SIGCONT continues them`,
        since: iso(now)
      } satisfies Reason
    ]
  })

  const stuck = ({ id }: Task, now: number): ReadonlyArray<Reason> =>
    stops.stuck(id).map(({ pid, user, why }) => ({
      what: `${describeProcess(pid)} of ${user} cannot be ended: ${why}`,
      since: iso(now)
    }))

  return Effect.fnUntraced(function* (task: Task, now: number) {
    const { status } = task.state
    if (status === "running") return yield* suspended(task, now)
    if (status === "stopping") return stuck(task, now)
    return yield* leftover(task, now)
  })
})
