/** What to do about an agent's trouble. */
import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import type { Agent } from "../Agent.ts"

// Failures that agents share and that have a remedy of their own.
const remedies: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /no (?:conversation|rollout) found|session not found|invalid session identifier|no previous sessions/iu,
    'The agent does not know this session: it was deleted, or belongs to another directory. Resume the task with "session": "new".'
  ],
  [
    /cannot be used with root/iu,
    "Run the task as another user or with permissionMode edit; in a sandbox of your own set IS_SANDBOX=1 in its env."
  ],
  [
    /auto-rejecting/iu,
    "It asked for a permission that nobody can give: allow it in the agent's settings, or use permissionMode full."
  ],
  [
    /model\b.{0,80}\b(?:not found|not supported|does not exist|not available)/iu,
    "Give a model that the agent has."
  ],
  [
    /unexpected server error/iu,
    "Often the model is unknown: `opencode models` lists them. With --print-logs in agents.opencode.args it says more."
  ],
  [
    /unknown option|unexpected argument|unknown argument|invalid value .* for/iu,
    "This version of the agent does not take what it was called with: update it."
  ]
]

const remedyFor = (message: string): string | undefined =>
  remedies.find(([words]) => words.test(message))?.[1]

const login = ({ login: command, loginMarks }: Pick<Agent, "login" | "loginMarks">): string => {
  const variable = loginMarks.variables[0]
  return variable === undefined
    ? `Log in with \`${command}\`, then retry the task.`
    : `Log in with \`${command}\` and retry the task; or set a valid ${variable} and retry it with inheritEnv true.`
}

/** One or two sentences for people. */
export const hintFor = (
  agent: Pick<Agent, "name" | "login" | "loginMarks">,
  kind: AgentErrorKind,
  message: string
): string => {
  switch (kind) {
    case "auth":
      return login(agent)
    case "rate_limit":
      return "Resume the task when the limit is over, or now with another model."
    case "limit":
      return "Resume the task to continue from here, with other maxTurns or maxCostUsd if need be."
    case "no_result":
      return (
        remedyFor(message) ??
        `Look at the task's logs: what ${agent.name} printed is all that is known.`
      )
    case "error":
      return remedyFor(message) ?? "Look at the task's logs for what happened before."
  }
}
