/** What `why` tells of leftover processes: those of an earlier attempt, while no attempt runs. */
import type { Output } from "@backbeat/contract/table"
import type { Task } from "@backbeat/core/task/Task"
import { isFinal, lastAttempt } from "@backbeat/core/task/TaskState"
import * as Effect from "effect/Effect"
import { Home } from "../home/Home.ts"
import { describeProcess } from "../process/describeProcess.ts"
import type { RemainingProcess } from "../process/remains.ts"
import { Clearings } from "../task/Clearings.ts"
import { lookForLeftovers } from "../task/leftover.ts"
import { iso } from "./taskAnswer.ts"

type Reason = Output<"why">["because"][number]

const shownAtMost = 10

/** The processes by pid and command; of more than ten how many more there are. */
export const listed = (left: ReadonlyArray<RemainingProcess>): string => {
  const shown = left.slice(0, shownAtMost).map(({ identity }) => describeProcess(identity.pid)).join(", ")
  return left.length > shownAtMost ? `${shown} and ${left.length - shownAtMost} more` : shown
}

/** Explains leftover processes of a task that does not run; made once. */
export const makeWhyLeftover = Effect.gen(function* () {
  const { root } = yield* Home
  const clearings = yield* Clearings

  return Effect.fnUntraced(function* (task: Task, now: number) {
    const left = yield* lookForLeftovers(root, task)
    if (left.length === 0) return []
    const stopping = clearings.find(task.id)
    const next = isFinal(task.state.status) || stopping?.kind !== "stopping" ? "stop ends them" : `they get SIGKILL at ${iso(stopping.killAt)}`
    const since = stopping?.kind === "stopping" ? stopping.since : now
    return [{ what: `processes of attempt ${lastAttempt(task.state)} still run (${listed(left)}); ${next}`, since: iso(since) } satisfies Reason]
  })
})
