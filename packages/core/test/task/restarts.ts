/** Transitions by a restart of an ended or retrying task. */
import * as scenario from "./scenario.ts"
import { endAt, given, specOf } from "./scenario.ts"
import type { Transition } from "./Transition.ts"

const changed = specOf({ notBefore: 9000 })

/** The transitions. Each queues or blocks another attempt. */
export const restarts: ReadonlyArray<Transition> = [
  ...[scenario.retrying(), scenario.completed(), scenario.failed(), scenario.cancelled()].map(
    (from): Transition => ({
      title: `that is ${from.state.status} is queued by a restart, its count anew`,
      from,
      command: scenario.restart,
      at: 600,
      events: [{ type: "task.queued", attempt: 2, tries: 0, notBefore: null }],
      state: { status: "queued", since: 600, notBefore: null, attempt: 2, tries: 0 }
    })
  ),
  {
    title: "that has ended is restarted with the specification given now",
    from: scenario.failed(),
    command: { type: "Restart", reason: null, spec: changed },
    at: 600,
    events: [
      { type: "task.changed", spec: changed, changed: ["notBefore"] },
      { type: "task.queued", attempt: 2, tries: 0, notBefore: 9000 }
    ],
    state: { status: "queued", since: 600, notBefore: 9000, attempt: 2, tries: 0 }
  },
  ...[scenario.retrying(), scenario.completed(), scenario.failed(), scenario.cancelled()].map(
    (from): Transition => ({
      title: `that is ${from.state.status} is blocked by a restart that has to wait for others`,
      from,
      command: { type: "Restart", reason: null, spec: null, blocked: true },
      at: 600,
      events: [{ type: "task.blocked", attempt: 2, tries: 0 }],
      state: { status: "blocked", since: 600, attempt: 2, tries: 0 }
    })
  ),
  {
    title: "that was restarted counts its restart when it runs",
    from: given(
      specOf(),
      { command: scenario.open, at: 100 },
      { command: scenario.end(endAt(300)), at: 310 },
      { command: scenario.restart, at: 600 }
    ),
    command: scenario.open,
    at: 700,
    events: [{ type: "task.started", probed: false, attempt: 2, tries: 1 }],
    state: { status: "running", startedAt: 700, health: null, attempt: 2, tries: 1 },
    restartCount: 1
  }
]
