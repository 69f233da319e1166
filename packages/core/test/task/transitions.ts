/** Every accepted transition with its exact events and the state it leads to. */
import { leftovers } from "./leftovers.ts"
import { postponements } from "./postponements.ts"
import { restarts } from "./restarts.ts"
import type { Transition } from "./Transition.ts"
import * as scenario from "./scenario.ts"
import { endAt, exitAt, given, other, specOf, timedOut } from "./scenario.ts"

const first = { attempt: 1, tries: 1 } as const
const probed = specOf({ readyWhen: { log: "up" } })
const dependencyFailed = { type: "DependencyFailed", taskId: "base" } as const
const nonZero = { type: "ExitedNonZero", exitCode: 1 } as const
const killed = exitAt(300, 143)

const waiting: ReadonlyArray<Transition> = [
  {
    title: "that is blocked is queued when its dependencies are satisfied",
    from: scenario.blocked(specOf({ notBefore: 900 })),
    command: scenario.release,
    at: 50,
    events: [{ type: "task.queued", attempt: 1, tries: 0, notBefore: 900 }],
    state: { status: "queued", since: 50, notBefore: 900, attempt: 1, tries: 0 }
  },
  {
    title: "that is blocked is cancelled when a dependency cannot be satisfied",
    from: scenario.blocked(),
    command: { type: "Withdraw", failure: dependencyFailed },
    at: 50,
    events: [{ type: "task.cancelled", reason: null, failure: dependencyFailed, end: null }],
    state: {
      status: "cancelled",
      startedAt: null,
      endedAt: 50,
      end: null,
      failure: dependencyFailed,
      by: other,
      reason: null,
      attempt: 1,
      tries: 0
    }
  },
  ...[scenario.blocked(), scenario.queued()].map((from): Transition => ({
    title: `that is ${from.state.status} is cancelled by a stop`,
    from,
    command: scenario.stop,
    at: 50,
    events: [{ type: "task.cancelled", reason: "enough", failure: null, end: null }],
    state: {
      status: "cancelled",
      startedAt: null,
      endedAt: 50,
      end: null,
      failure: null,
      by: other,
      reason: "enough",
      attempt: 1,
      tries: 0
    }
  })),
  {
    title: "that is queued runs when a slot is free",
    from: scenario.queued(),
    command: scenario.open,
    at: 100,
    events: [{ type: "task.started", probed: false, ...first }],
    state: { status: "running", startedAt: 100, health: null, ...first }
  },
  {
    title: "whose delay has passed although the clock was set back may run at once",
    from: scenario.queued(scenario.specOf({ delayMs: 500 })),
    command: scenario.endDelay,
    at: 100,
    events: [{ type: "task.queued", attempt: 1, tries: 0, notBefore: null }],
    state: { status: "queued", since: 100, notBefore: null, attempt: 1, tries: 0 }
  },
  {
    title: "with a probe is starting when it runs",
    from: scenario.queued(probed),
    command: scenario.open,
    at: 100,
    events: [{ type: "task.started", probed: true, ...first }],
    state: { status: "running", startedAt: 100, health: "starting", ...first }
  },
  {
    title: "that waited for its retry is queued for the next attempt",
    from: scenario.retrying(),
    command: scenario.retry,
    at: 1300,
    events: [{ type: "task.queued", attempt: 2, tries: 1, notBefore: null }],
    state: { status: "queued", since: 1300, notBefore: null, attempt: 2, tries: 1 }
  },
  {
    title: "that waits for its retry is cancelled by a stop, and its last end is kept",
    from: scenario.retrying(),
    command: scenario.stop,
    at: 500,
    events: [{ type: "task.cancelled", reason: "enough", failure: null, end: exitAt(300, 1) }],
    state: {
      status: "cancelled",
      startedAt: 100,
      endedAt: 500,
      end: exitAt(300, 1),
      failure: null,
      by: other,
      reason: "enough",
      ...first
    }
  }
]

const stoppingState = { status: "stopping", startedAt: 100, signal: "SIGTERM", ...first } as const

const live: ReadonlyArray<Transition> = [
  {
    title: "that runs is ready when its probe says so",
    from: scenario.running(probed),
    command: { type: "ReportReady" },
    at: 200,
    events: [{ type: "task.ready" }],
    state: { status: "running", startedAt: 100, health: "ready", ...first }
  },
  {
    title: "that runs is unhealthy when its probe says so",
    from: scenario.running(probed),
    command: { type: "ReportUnhealthy", output: "refused" },
    at: 200,
    events: [{ type: "task.unhealthy", output: "refused" }],
    state: { status: "running", startedAt: 100, health: "unhealthy", ...first }
  },
  {
    title: "that runs is stopping after a stop",
    from: scenario.running(),
    command: scenario.stop,
    at: 200,
    events: [
      {
        type: "task.stopping",
        intent: { kind: "cancel" },
        signal: "SIGTERM",
        killAt: 5200,
        reason: "enough"
      }
    ],
    state: {
      ...stoppingState,
      since: 200,
      killAt: 5200,
      intent: { kind: "cancel" },
      by: other,
      reason: "enough"
    }
  },
  {
    title: "that runs is stopping when it reaches a limit",
    from: scenario.running(),
    command: scenario.limit,
    at: 200,
    events: [
      {
        type: "task.stopping",
        intent: { kind: "fail", failure: timedOut },
        signal: "SIGTERM",
        killAt: 5200,
        reason: null
      }
    ],
    state: {
      ...stoppingState,
      since: 200,
      killAt: 5200,
      intent: { kind: "fail", failure: timedOut },
      by: other,
      reason: null
    }
  },
  {
    title: "that runs is stopping when its agent has reported its result and does not exit",
    from: scenario.running(),
    command: scenario.finish,
    at: 200,
    events: [
      {
        type: "task.stopping",
        intent: { kind: "finish" },
        signal: "SIGTERM",
        killAt: 5200,
        reason: null
      }
    ],
    state: {
      ...stoppingState,
      since: 200,
      killAt: 5200,
      intent: { kind: "finish" },
      by: other,
      reason: null
    }
  },
  {
    title: "that runs is stopping after a restart",
    from: scenario.running(),
    command: scenario.restart,
    at: 200,
    events: [
      {
        type: "task.stopping",
        intent: { kind: "restart" },
        signal: "SIGTERM",
        killAt: 5200,
        reason: "again"
      }
    ],
    state: {
      ...stoppingState,
      since: 200,
      killAt: 5200,
      intent: { kind: "restart" },
      by: other,
      reason: "again"
    }
  },
  {
    title: "that is stopping accepts another stop",
    from: scenario.stopping(),
    command: { type: "Stop", reason: null, signal: "SIGINT", graceMs: 0 },
    at: 250,
    events: [
      {
        type: "task.stopping",
        intent: { kind: "cancel" },
        signal: "SIGINT",
        killAt: 250,
        reason: "enough"
      }
    ],
    state: {
      ...stoppingState,
      signal: "SIGINT",
      since: 200,
      killAt: 250,
      intent: { kind: "cancel" },
      by: other,
      reason: "enough"
    }
  }
]

const finishing = given(
  specOf(),
  { command: scenario.open, at: 100 },
  { command: scenario.finish, at: 200 }
)

const ending: ReadonlyArray<Transition> = [
  {
    title: "that runs is completed by exit code 0",
    from: scenario.running(),
    command: scenario.end(endAt(300)),
    at: 310,
    events: [{ type: "task.completed", end: endAt(300) }],
    state: { status: "completed", startedAt: 100, end: endAt(300), ...first }
  },
  {
    title: "that runs is failed by another exit code",
    from: scenario.running(),
    command: scenario.end(exitAt(300, 1)),
    at: 310,
    events: [{ type: "task.failed", failure: nonZero, end: exitAt(300, 1) }],
    state: { status: "failed", startedAt: 100, failure: nonZero, end: exitAt(300, 1), ...first }
  },
  {
    title: "that runs and has attempts left is retrying after a failure",
    from: scenario.running(specOf({ restart: scenario.twiceAgain })),
    command: scenario.end(exitAt(300, 1)),
    at: 310,
    events: [
      { type: "task.retrying", retryAt: 1300, failure: nonZero, end: exitAt(300, 1), tries: 1 }
    ],
    state: {
      status: "retrying",
      startedAt: 100,
      retryAt: 1300,
      failure: nonZero,
      end: exitAt(300, 1),
      ...first
    }
  },
  {
    title:
      "that was stopped is cancelled when its last process is gone, by the caller who stopped it",
    from: scenario.stopping(),
    command: scenario.end(killed),
    at: 310,
    events: [{ type: "task.cancelled", reason: "enough", failure: null, end: killed }],
    state: {
      status: "cancelled",
      startedAt: 100,
      endedAt: 300,
      end: killed,
      failure: null,
      by: scenario.caller,
      reason: "enough",
      ...first
    }
  },
  {
    title: "that is stopped for a restart is queued when its last process is gone",
    from: given(
      specOf(),
      { command: scenario.open, at: 100 },
      { command: scenario.restart, at: 200 }
    ),
    command: scenario.end(killed),
    at: 310,
    events: [{ type: "task.queued", attempt: 2, tries: 0, notBefore: null, end: killed }],
    state: { status: "queued", since: 310, notBefore: null, attempt: 2, tries: 0 }
  },
  {
    title: "that is stopped by a limit fails with that limit, whatever its exit code",
    from: given(
      specOf(),
      { command: scenario.open, at: 100 },
      { command: scenario.limit, at: 200 }
    ),
    command: scenario.end(endAt(300)),
    at: 310,
    events: [{ type: "task.failed", failure: timedOut, end: endAt(300) }],
    state: { status: "failed", startedAt: 100, failure: timedOut, end: endAt(300), ...first }
  },
  {
    title: "that is stopped by a limit and has attempts left is retrying",
    from: given(
      specOf({ restart: scenario.twiceAgain }),
      { command: scenario.open, at: 100 },
      { command: scenario.limit, at: 200 }
    ),
    command: scenario.end(killed),
    at: 310,
    events: [{ type: "task.retrying", retryAt: 1300, failure: timedOut, end: killed, tries: 1 }],
    state: {
      status: "retrying",
      startedAt: 100,
      retryAt: 1300,
      failure: timedOut,
      end: killed,
      ...first
    }
  },
  {
    title:
      "that is stopped after its agent reported a result completes with it, however its process ended",
    from: finishing,
    command: scenario.end({ ...killed, agent: scenario.agentDone }),
    at: 310,
    events: [{ type: "task.completed", end: { ...killed, agent: scenario.agentDone } }],
    state: {
      status: "completed",
      startedAt: 100,
      end: { ...killed, agent: scenario.agentDone },
      ...first
    }
  },
  {
    title: "that is stopped after its agent reported a failure fails with it",
    from: finishing,
    command: scenario.end({ ...killed, agent: scenario.agentRefused }),
    at: 310,
    events: [
      {
        type: "task.failed",
        failure: scenario.refusal,
        end: { ...killed, agent: scenario.agentRefused }
      }
    ],
    state: {
      status: "failed",
      startedAt: 100,
      failure: scenario.refusal,
      end: { ...killed, agent: scenario.agentRefused },
      ...first
    }
  }
]

/** All of them. */
export const transitions: ReadonlyArray<Transition> = [
  ...waiting,
  ...leftovers,
  ...postponements,
  ...live,
  ...ending,
  ...restarts
]
