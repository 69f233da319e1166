/** Hints for the failures of agents. */
import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import type { Agent } from "../Agent.ts"

// Failures of several agents that have their own remedy.
const remedies: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /no (?:conversation|rollout) found|session not found|invalid session identifier|no previous sessions/iu,
    'The agent does not know this session: it was deleted or belongs to another directory. Resume the task with "session": "new".'
  ],
  [
    /cannot be used with root/iu,
    "Run the task as another user or with permissionMode edit. In your own sandbox, set IS_SANDBOX=1 in its env."
  ],
  [
    /auto-rejecting/iu,
    "The agent asked for a permission, and no user is there to grant it. Allow it in the agent's settings, or use permissionMode full."
  ],
  [
    /model\b.{0,80}\b(?:not found|not supported|does not exist|not available)/iu,
    "Use a model that the agent supports."
  ],
  [
    /unexpected server error/iu,
    "Often the model is unknown: run `opencode models` to see the models. Add --print-logs to agents.opencode.args for details."
  ],
  [
    /unknown option|unexpected argument|unknown argument|invalid value .* for/iu,
    "This version of the agent does not support an argument of the call. Update the agent."
  ]
]

const remedyFor = (message: string): string | undefined =>
  remedies.find(([words]) => words.test(message))?.[1]

const login = ({
  login: command,
  credentialSources
}: Pick<Agent, "login" | "credentialSources">): string => {
  const variable = credentialSources.variables[0]
  return variable === undefined
    ? `Log in with \`${command}\`, then retry the task.`
    : `Log in with \`${command}\` and retry the task, or set a valid ${variable} and retry it with inheritEnv true.`
}

/** The hint for a failure: one or two sentences. */
export const hintFor = (
  agent: Pick<Agent, "name" | "login" | "credentialSources">,
  kind: AgentErrorKind,
  message: string
): string => {
  switch (kind) {
    case "auth":
      return login(agent)
    case "rate_limit":
      return "Resume the task after the limit has passed, or now with another model."
    case "limit":
      return "Resume the task to continue, with a higher maxTurns or maxCostUsd if necessary."
    case "no_result":
      return (
        remedyFor(message) ??
        `Read the task's logs: only the output of ${agent.name} explains the failure.`
      )
    case "error":
      return remedyFor(message) ?? "Read the task's logs to see what happened before."
  }
}
