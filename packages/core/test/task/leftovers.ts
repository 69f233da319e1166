/**
 * Transitions of a task with leftover processes: an earlier attempt's processes live, and no
 * attempt runs.
 */
import type { Transition } from "./Transition.ts"
import * as scenario from "./scenario.ts"
import { exitAt, other } from "./scenario.ts"

const first = { attempt: 1, tries: 1 } as const
const dependencyFailed = { type: "DependencyFailed", taskId: "base" } as const
const killed = exitAt(300, 143)
const leftoverStop = { ...scenario.stop, leftover: true } as const
const stopped = {
  type: "task.stopping",
  intent: { kind: "cancel" },
  signal: "SIGTERM",
  killAt: 5050,
  reason: "enough"
} as const

/** The transitions. */
export const leftovers: ReadonlyArray<Transition> = [
  ...[scenario.blocked(), scenario.queued()].map((from): Transition => ({
    title: `that is ${from.state.status} is stopping after a stop while leftover processes live`,
    from,
    command: leftoverStop,
    at: 50,
    events: [stopped],
    state: {
      status: "stopping",
      startedAt: null,
      ended: null,
      since: 50,
      killAt: 5050,
      signal: "SIGTERM",
      intent: { kind: "cancel" },
      by: other,
      reason: "enough",
      attempt: 1,
      tries: 0
    }
  })),
  {
    title:
      "that is blocked is stopping when a dependency cannot be satisfied while leftover processes live",
    from: scenario.blocked(),
    command: { type: "Withdraw", failure: dependencyFailed, leftover: true },
    at: 50,
    events: [{ ...stopped, intent: { kind: "withdraw", failure: dependencyFailed }, reason: null }],
    state: {
      status: "stopping",
      startedAt: null,
      ended: null,
      since: 50,
      killAt: 5050,
      signal: "SIGTERM",
      intent: { kind: "withdraw", failure: dependencyFailed },
      by: other,
      reason: null,
      attempt: 1,
      tries: 0
    }
  },
  {
    title: "that waits for its retry keeps its last end while leftover processes are stopped",
    from: scenario.retrying(),
    command: leftoverStop,
    at: 500,
    events: [{ ...stopped, killAt: 5500 }],
    state: {
      status: "stopping",
      startedAt: 100,
      ended: exitAt(300, 1),
      since: 500,
      killAt: 5500,
      signal: "SIGTERM",
      intent: { kind: "cancel" },
      by: other,
      reason: "enough",
      ...first
    }
  },
  {
    title: "whose leftover processes are gone is cancelled with its last end",
    from: scenario.apply(scenario.retrying(), { command: leftoverStop, at: 500, actor: other }),
    command: scenario.end(killed),
    at: 900,
    events: [{ type: "task.cancelled", reason: "enough", failure: null, end: exitAt(300, 1) }],
    state: {
      status: "cancelled",
      startedAt: 100,
      endedAt: 900,
      end: exitAt(300, 1),
      failure: null,
      by: other,
      reason: "enough",
      ...first
    }
  },
  {
    title: "that was withdrawn is cancelled with that failure when its leftover processes are gone",
    from: scenario.apply(scenario.blocked(), {
      command: { type: "Withdraw", failure: dependencyFailed, leftover: true },
      at: 50,
      actor: other
    }),
    command: scenario.end(killed),
    at: 900,
    events: [{ type: "task.cancelled", reason: null, failure: dependencyFailed, end: null }],
    state: {
      status: "cancelled",
      startedAt: null,
      endedAt: 900,
      end: null,
      failure: dependencyFailed,
      by: other,
      reason: null,
      attempt: 1,
      tries: 0
    }
  }
]
