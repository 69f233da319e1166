/** Transitions of a task that the system cannot start. */
import type { Task } from "@backbeat/core/task/Task"
import * as scenario from "./scenario.ts"
import type { Transition } from "./Transition.ts"

const message = "EMFILE: too many open files"
const first = { attempt: 1, tries: 1 } as const
const once = { times: 1, since: 100, message }

/** When a task is due to start. */
const dueOf = ({ state }: Task): number =>
  state.status === "queued" ? (state.notBefore ?? state.since) : 0

/**
 * A task that the system could not start ten times and that is being started again, and the time of
 * that.
 */
const tenTimes = (() => {
  let [task, at] = [scenario.running(), 100]
  for (let times = 1; times <= 10; times++) {
    const postponed = scenario.apply(task, { command: scenario.postpone, at })
    at = dueOf(postponed)
    task = scenario.apply(postponed, { command: scenario.open, at })
  }
  return { task, at }
})()
const enough = `${message} (tried 11 times within 122 s)`
const none = {
  outcome: { kind: "notSpawned", message: enough },
  endedAt: tenTimes.at,
  cpuMs: null
} as const

export const postponements: ReadonlyArray<Transition> = [
  {
    title:
      "that the system cannot start is queued again with the same number, and uses up no try of its policy",
    from: scenario.running(),
    command: scenario.postpone,
    at: 100,
    events: [{ type: "task.queued", attempt: 1, tries: 0, notBefore: 350, postponed: once }],
    state: { status: "queued", since: 100, notBefore: 350, postponed: once, attempt: 1, tries: 0 }
  },
  {
    title: "whose folder was claimed before its start failed gets the next number",
    from: scenario.running(),
    command: { type: "Postpone", message, claimed: true },
    at: 100,
    events: [{ type: "task.queued", attempt: 2, tries: 0, notBefore: 350, postponed: once }],
    state: { status: "queued", since: 100, notBefore: 350, postponed: once, attempt: 2, tries: 0 }
  },
  {
    title: "that is started again keeps the number of failed starts",
    from: scenario.given(
      scenario.specOf(),
      { command: scenario.open, at: 100 },
      { command: scenario.postpone, at: 100 }
    ),
    command: scenario.open,
    at: 350,
    events: [{ type: "task.started", probed: false, ...first }],
    state: { status: "running", startedAt: 350, health: null, postponed: once, ...first }
  },
  {
    title: "that the system cannot start for the eleventh time fails",
    from: tenTimes.task,
    command: scenario.postpone,
    at: tenTimes.at,
    events: [{ type: "task.failed", failure: { type: "NotSpawned", message: enough }, end: none }],
    state: {
      status: "failed",
      startedAt: tenTimes.at,
      failure: { type: "NotSpawned", message: enough },
      end: none,
      ...first
    }
  }
]
