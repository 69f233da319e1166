/**
 * Prints the lifecycle of a task for docs/lifecycle.md: a diagram and tables, from the data of
 * `decide`.
 */
import {
  type Lifecycle,
  printAcceptance,
  printDiagram,
  printMeanings
} from "../history/printLifecycle.ts"
import { markdownTable } from "../markdown.ts"
import { accepts } from "./accepts.ts"
import type { Failure } from "./Failure.ts"
import { defaultRestartPolicy } from "./RestartPolicy.ts"
import type { TaskCommand } from "./TaskCommand.ts"
import { type Health, isFinal, statuses, type TaskStatus } from "./TaskState.ts"

const statusTexts: Readonly<Record<TaskStatus, string>> = {
  blocked: "Waits for the tasks that it depends on.",
  queued:
    "Waits for a slot, for its `notBefore`, or until leftover processes of the earlier attempt are gone.",
  running: "Its attempt's process group is alive.",
  stopping:
    "A stop was requested, and some of its processes, or leftover processes of an earlier attempt, are still alive.",
  retrying: "The attempt ended, and the restart policy starts another at `retryAt`.",
  completed: "Ended with exit code 0, or with one of `successExitCodes`.",
  failed: "Ended in another way; `failure` says how.",
  cancelled:
    "A caller stopped it, or a dependency cannot be satisfied. A search found no process of it."
}

const commandTexts: Readonly<Record<TaskCommand["type"], string>> = {
  Release: "All of its dependencies are satisfied.",
  Withdraw:
    "One of its dependencies can no longer be satisfied. The command has the result of a search for leftover processes.",
  Open: "A slot is free: the next attempt starts.",
  ReportReady: "Its probe succeeded.",
  ReportUnhealthy: "Its probe failed too often.",
  Stop: "A caller stops it. The command has the result of a search for leftover processes. Another stop can only shorten the grace period.",
  Limit: "It reached one of its limits, such as `timeout`.",
  Finish: "Its agent has reported its result, but its process does not exit.",
  Postpone:
    "The system could not start its attempt, because it is short of descriptors, processes, memory or disk space. The start is retried.",
  End: "Its attempt has ended, and none of its processes is alive.",
  Retry: "The delay of the restart policy has passed.",
  EndDelay:
    "The delay before its start has passed, although the wall clock, which was set back, shows an earlier time.",
  Restart: "A caller requests another attempt under the same id."
}

const failureTexts: {
  readonly [type in Failure["type"]]: {
    readonly carries: ReadonlyArray<
      Exclude<keyof Extract<Failure, { readonly type: type }>, "type">
    >
    readonly text: string
  }
} = {
  ExitedNonZero: {
    carries: ["exitCode"],
    text: "Ended with an exit code that is not one of `successExitCodes`."
  },
  Signalled: { carries: ["signal"], text: "A signal ended it." },
  NotSpawned: {
    carries: ["message"],
    text: "It never ran: the command or its directory is missing, it cannot be executed, or the system repeatedly failed to start it."
  },
  TimedOut: {
    carries: ["timeout", "from"],
    text: "Ran longer than `timeout` milliseconds; `from` names the source of the limit, if it is not the task."
  },
  StalledOutput: {
    carries: ["stallTimeout"],
    text: "Wrote nothing for `stallTimeoutMs` milliseconds."
  },
  DependencyFailed: {
    carries: ["taskId", "through"],
    text: "A dependency can no longer be satisfied: `taskId` is the root cause, and `through` the direct dependency if it is another task."
  },
  AgentError: {
    carries: ["kind", "message", "hint"],
    text: "The agent ended with an error, whatever its exit code. `kind` is `auth`, `rate_limit`, `limit`, `no_result` or `error`."
  },
  NotReady: {
    carries: ["probe", "output", "withinMs", "from"],
    text: "Its probe did not succeed in time, or failed too often. `withinMs` is the time that it had; `from` names the source of the limit, if it is not the task."
  },
  Lost: { carries: ["evidence"], text: "The end is unknown; `evidence` has the known facts." }
}

const healthTexts: Readonly<Record<Health, string>> = {
  starting: "No probe has succeeded yet.",
  ready: "The last probe succeeded.",
  unhealthy: "The last `failureThreshold` probes failed."
}

/** The statuses and commands of a task, with their meanings. */
const taskLifecycle: Lifecycle<TaskStatus, TaskCommand["type"]> = {
  statuses: statusTexts,
  commands: commandTexts,
  accepts,
  created: { blocked: "created with dependencies", queued: "created" },
  final: statuses.filter(isFinal)
}

const failures = (): string =>
  markdownTable(
    ["`failure.type`", "carries", "means"],
    Object.entries(failureTexts).map(([type, { carries, text }]) => [
      `\`${type}\``,
      carries.map((fact) => `\`${fact}\``).join(", "),
      text
    ])
  )

const policy = (): string =>
  markdownTable(
    ["field of `restart`", "default"],
    Object.entries(defaultRestartPolicy).map(([field, value]) => [`\`${field}\``, `\`${value}\``])
  )

/** The section of the task. */
export const lifecycleDiagram = (): string =>
  `## Task

${printDiagram(taskLifecycle)}

### Statuses

${printMeanings("status", statusTexts)}

${statuses
  .filter(isFinal)
  .map((status) => `\`${status}\``)
  .join(", ")} are final: only \`Restart\` leaves them. A task has only the
fields of its status, so \`endedAt\` means that it has ended and \`retryAt\` that another attempt follows.

### Commands

${printMeanings("command", commandTexts)}

The table shows which commands each status accepts, and the resulting statuses. An empty cell means that the command fails with
\`IllegalTransition\`, which names the status and the command.

${printAcceptance(taskLifecycle)}

\`End\` while \`stopping\` leads to the goal of the stop: \`cancelled\` after a \`Stop\`, \`queued\` after a \`Restart\`,
\`failed\` or \`retrying\` after a \`Limit\`, and the result that the agent reported after a \`Finish\`.

### Attempts

The first attempt is number 1, and numbers have no gap. \`Restart\` and \`Retry\` start the next attempt, never while an attempt is
alive. After a \`Stop\`, only a \`Restart\` starts another attempt. An attempt that could not be spawned is not retried.

${policy()}

Delays are in milliseconds. \`maxAttempts\` counts the first attempt; an attempt that lasts \`resetAfterMs\` resets the count.

### Failures

${failures()}

### Health

Only a running task with \`readyWhen\` or \`healthProbe\` has health.

${printMeanings("health", healthTexts)}
`
