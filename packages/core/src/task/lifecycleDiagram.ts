/** Prints docs/lifecycle.md: the life of a task as a diagram and as tables, from the data that `decide` reads. */
import { markdownTable } from "../markdown.ts"
import { accepts } from "./accepts.ts"
import type { Failure } from "./Failure.ts"
import { defaultRestartPolicy } from "./RestartPolicy.ts"
import { commandTypes, type TaskCommand } from "./TaskCommand.ts"
import { type Health, isFinal, statuses, type TaskStatus } from "./TaskState.ts"

const statusTexts: Readonly<Record<TaskStatus, string>> = {
  blocked: "Waits for the tasks that it depends on.",
  queued:
    "May run; waits for a slot, for its `notBefore`, or until leftover processes of the attempt before are gone.",
  running: "Its attempt's process group is alive.",
  stopping:
    "A stop was asked for, and not all of its processes, or leftover processes of an earlier attempt, are gone yet.",
  retrying: "The attempt ended, and the restart policy opens another at `retryAt`.",
  completed: "Ended with exit code 0, or with one of `successExitCodes`.",
  failed: "Ended otherwise; `failure` says how.",
  cancelled: "Withdrawn, by whom and why; nothing of it runs, and that was verified."
}

const commandTexts: Readonly<Record<TaskCommand["type"], string>> = {
  Release: "All of its dependencies hold.",
  Withdraw:
    "One of its dependencies can no longer hold; a look at its leftover processes comes with it.",
  Open: "A slot is free: the next attempt starts.",
  ReportReady: "Its probe succeeded.",
  ReportUnhealthy: "Its probe failed too often.",
  Stop: "Somebody wants it to end; a look at its leftover processes comes with it. Another stop only ever shortens the grace period.",
  Limit: "One of its own limits was reached, such as `timeout`.",
  Finish: "Its agent has told its result, and its process does not exit.",
  Postpone:
    "The system refused to start its attempt, being short of descriptors, processes, memory or room: it is tried again.",
  End: "Its attempt has ended, and nothing of it is alive.",
  Retry: "The delay of the restart policy is over.",
  Restart: "Somebody wants another attempt under the same id."
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
    text: "Never ran: the command or its directory is missing, it cannot be executed, or the system refused again and again to start it."
  },
  TimedOut: {
    carries: ["timeout", "from"],
    text: "Ran longer than `timeout` milliseconds; `from` says who set that, where it was not the task."
  },
  StalledOutput: {
    carries: ["stallTimeout"],
    text: "Wrote nothing for `stallTimeoutMs` milliseconds."
  },
  DependencyFailed: {
    carries: ["taskId", "through"],
    text: "A task that it depends on did not end as required: `taskId` is where it began, `through` the direct dependency where that is another."
  },
  AgentError: {
    carries: ["kind", "message", "hint"],
    text: "The agent ended with an error, whatever its exit code. `kind` is `auth`, `rate_limit`, `limit`, `no_result` or `error`."
  },
  NotReady: {
    carries: ["probe", "output", "withinMs", "from"],
    text: "Its probe did not succeed in time, or failed too often. `withinMs` is the time that it had; `from` says who set that, where it was not the task."
  },
  Lost: { carries: ["evidence"], text: "The end cannot be known; `evidence` says what is." }
}

const healthTexts: Readonly<Record<Health, string>> = {
  starting: "No probe has succeeded yet.",
  ready: "The last probe succeeded.",
  unhealthy: "The last probes failed, `failureThreshold` of them in a row."
}

const textTable = (head: string, texts: Readonly<Record<string, string>>): string =>
  markdownTable(
    [head, "means"],
    Object.entries(texts).map(([name, text]) => [`\`${name}\``, text])
  )

const reachedBy: Readonly<Record<TaskStatus, Readonly<Record<string, ReadonlyArray<TaskStatus>>>>> =
  accepts

/** One arrow for each pair of statuses, with all commands that lead that way. */
const arrows = (): ReadonlyArray<string> =>
  statuses.flatMap((from) =>
    statuses.flatMap((to) => {
      const commands = Object.entries(reachedBy[from]).flatMap(([command, reached]) =>
        reached.includes(to) ? [command] : []
      )
      return commands.length === 0 ? [] : [`  ${from} --> ${to}: ${commands.join(", ")}`]
    })
  )

const diagram = (): string =>
  [
    "```mermaid",
    "stateDiagram-v2",
    "  [*] --> blocked: created with dependencies",
    "  [*] --> queued: created",
    ...arrows(),
    ...statuses.filter(isFinal).map((status) => `  ${status} --> [*]`),
    "```"
  ].join("\n")

const acceptance = (): string =>
  markdownTable(
    ["", ...commandTypes],
    statuses.map((status) => [
      `\`${status}\``,
      ...commandTypes.map((command) =>
        (reachedBy[status][command] ?? []).map((to) => `\`${to}\``).join(" ")
      )
    ])
  )

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

/** The text of docs/lifecycle.md. */
export const lifecycleDiagram = (): string =>
  `# The life of a task

<!-- Printed from packages/core/src/task by \`bun scripts/docs.ts\`. Change it there. -->

${diagram()}

## Statuses

${textTable("status", statusTexts)}

${statuses
  .filter(isFinal)
  .map((status) => `\`${status}\``)
  .join(", ")} are final: nothing but \`Restart\` leaves them. A task carries only the
facts of its status, so \`endedAt\` means that it has ended and \`retryAt\` that another attempt follows.

## Commands

${textTable("command", commandTexts)}

What each status accepts, and where that can lead. An empty cell is refused with \`IllegalTransition\`, which names the status and
the command; it is never a silent success.

${acceptance()}

\`End\` while \`stopping\` leads to where the stop was meant to: \`cancelled\` after a \`Stop\`, \`queued\` after a \`Restart\`,
\`failed\` or \`retrying\` after a \`Limit\`, and to what the agent has told after a \`Finish\`.

## Attempts

The first attempt is number 1, and numbers have no gap. \`Restart\` and \`Retry\` open the next number, never while an attempt is
alive. After a \`Stop\` no attempt follows without a \`Restart\`. An attempt that could not be spawned is not retried.

${policy()}

Delays are in milliseconds. \`maxAttempts\` counts the first attempt; an attempt that lasts \`resetAfterMs\` starts the count anew.

## Failures

${failures()}

## Health

Only a running task with \`readyWhen\` or \`healthProbe\` has health.

${textTable("health", healthTexts)}
`
