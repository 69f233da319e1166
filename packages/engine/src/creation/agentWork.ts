/**
 * Converts a payload of `start` into the work of an agent, and checks whether the agent is
 * installed.
 */
import { callOf, firstOf, sentencesOf, sentence } from "@backbeat/contract/Text"
import type { Agent } from "@backbeat/agents/Agent"
import { nearest } from "@backbeat/contract/nearest"
import { agentFields, type StartInput } from "@backbeat/contract/operation/start"
import {
  commandInputError,
  problem,
  type Problem,
  withChange,
  withTry
} from "@backbeat/contract/Problem"
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import type { TaskSpec } from "@backbeat/core/task/TaskSpec"
import * as Result from "effect/Result"
import { isAbsolute } from "node:path"
import { authOf } from "../agent/inspectAgents.ts"
import {
  agentEnvironment,
  agentNames,
  agentOf,
  agentSettings,
  commandOf
} from "../configuration/knownAgents.ts"
import type { AgentSettings, Configuration } from "../configuration/configuration.ts"
import type { Variables } from "../home/TaskEnvironment.ts"
import { resolveCommand } from "../process/resolveCommand.ts"
import { wrongField } from "../call/wrongField.ts"

/** The default timeout of an agent, in milliseconds. */
export const agentTimeoutMs = 1_800_000

/** The problem that no agent has this name. */
export const unknownAgent = (name: string, config: Configuration): Problem => {
  const known = agentNames(config)
  const near = nearest(name, known)
  const hint =
    near === null
      ? `Known agents: ${known.join(", ")}. Add others with agents.<name>.command in the configuration.`
      : `Did you mean ${near}?`
  return wrongField("agent", `unknown agent: ${name}`, hint)
}

/** Adds the suggestion to remove the rejected field. */
const suggestRemoval = (problemFound: Problem): Problem =>
  withChange(problemFound, { [problemFound.path ?? ""]: undefined })

type Unable = ReturnType<Agent["unsupportedFields"]>[number]

const rejectField = (input: StartInput): Problem | null => {
  if (input.stdin !== undefined)
    return suggestRemoval(
      wrongField(
        "stdin",
        "requires command or script: an agent reads its prompt from stdin",
        "Remove stdin."
      )
    )
  return input.args === undefined
    ? null
    : suggestRemoval(
        wrongField(
          "args",
          "requires command; a prompt takes no args",
          "Remove args. Set arguments of an agent with agents.<name>.args in the configuration."
        )
      )
}

/** Rejects a field that requires a prompt in a payload without one; null if there is none. */
export const misplacedAgentField = (input: StartInput): Problem | null => {
  const names = [...Object.keys(agentFields), "continueFrom"]
  const all = Object.keys(input).filter((name) => names.includes(name))
  const [misplaced] = all
  return misplaced === undefined
    ? null
    : withChange(
        wrongField(misplaced, "requires prompt", "Add prompt, or remove this field."),
        Object.fromEntries(all.map((name) => [name, undefined]))
      )
}

/** The work, with the configuration's values and then the agent's defaults for missing fields. */
const workFields = (input: StartInput, settings: AgentSettings, agent: Agent) => ({
  model: input.model ?? settings.model ?? null,
  effort: input.effort ?? settings.effort ?? null,
  permissionMode: input.permissionMode ?? settings.permissionMode ?? agent.permissionMode,
  systemPrompt: input.systemPrompt ?? null,
  maxTurns: input.maxTurns ?? null,
  maxCostUsd: input.maxCostUsd ?? null,
  outputSchema: input.outputSchema ?? null
})

const addAgent = firstOf(
  sentence`Add agent, or set a default with ${callOf("init")}.`,
  "Add agent."
)

const agentFor = (name: string | null, config: Configuration): Result.Result<Agent, Problem> => {
  if (name === null) {
    return Result.fail(
      wrongField("agent", "is missing, and no valid defaultAgent is configured", addAgent)
    )
  }
  const agent = agentOf(config, name)
  return agent === null ? Result.fail(unknownAgent(name, config)) : Result.succeed(agent)
}

/**
 * Rejects a field that the agent does not support. A value from the configuration cannot be removed
 * from the payload.
 */
const unsupportedField = (
  input: StartInput,
  agent: string,
  { field, message }: Unable
): Problem => {
  if (field === "session" || input[field] !== undefined)
    return suggestRemoval(wrongField(field, message, `Remove ${field}, or choose another agent.`))
  const key = `agents.${agent}.${field}`
  const problemFound = `${key} in the configuration: ${message}`
  return withTry(
    commandInputError(problemFound, `Reset the setting, or choose another agent.`, { key }),
    "config reset",
    { key }
  )
}

/**
 * The work of an agent. Fails with CommandInputError if the agent is unknown or does not support a
 * field.
 */
export const agentWorkOf = (
  input: StartInput,
  prompt: string,
  config: Configuration
): Result.Result<AgentWork, Problem> =>
  Result.gen(function* () {
    const rejected = rejectField(input)
    if (rejected !== null) return yield* Result.fail(rejected)
    const agent = yield* agentFor(input.agent ?? config.defaultAgent, config)
    const work: AgentWork = {
      kind: "prompt",
      prompt,
      agent: agent.name,
      ...workFields(input, agentSettings(config, agent.name), agent),
      session: null,
      after:
        input.continueFrom === undefined
          ? null
          : { task: input.continueFrom, how: "continue", added: null }
    }
    const [unable] = agent.unsupportedFields(work)
    return unable === undefined
      ? work
      : yield* Result.fail(unsupportedField(input, agent.name, unable))
  })

/**
 * Why the agent of a task cannot be run here, as AgentUnavailable; null if it can, and for other
 * kinds of work.
 */
export const agentUnavailable = (
  { work, cwd }: TaskSpec,
  env: Variables,
  config: Configuration
): Problem | null => {
  if (work.kind !== "prompt") return null
  const agent = agentOf(config, work.agent)
  if (agent === null) return unknownAgent(work.agent, config)
  const command = commandOf(config, agent)
  // A missing working directory is reported elsewhere.
  const from = command.includes("/") && !isAbsolute(command) ? cwd : "/"
  const resolved = resolveCommand({ argv: [command], cwd: from, env })
  return resolved.kind === "resolved"
    ? null
    : problem(
        "AgentUnavailable",
        `agent ${agent.name} cannot be run: ${resolved.message}`,
        `Install it: ${agent.install}.`,
        {
          agent: agent.name,
          command,
          install: agent.install
        }
      )
}

/** The agents that are installed for this environment. */
const installedAgents = (config: Configuration, env: Variables): ReadonlyArray<string> =>
  agentNames(config).filter((name) => {
    const agent = agentOf(config, name)
    return (
      agent !== null &&
      resolveCommand({
        argv: [commandOf(config, agent)],
        cwd: "/",
        env: agentEnvironment(config, agent, env)
      }).kind === "resolved"
    )
  })

/**
 * Adds the installed agents to a problem about a missing or unknown agent. Returns any other
 * problem unchanged.
 */
export const withInstalledAgents = (
  problemFound: Problem,
  config: Configuration,
  env: Variables
): Problem => {
  if (problemFound.type !== "AgentUnavailable" && problemFound.path !== "agent") return problemFound
  const installed = installedAgents(config, env)
  const [only, ...others] = installed
  if (only === undefined) return problemFound
  const hint =
    problemFound.hint === addAgent
      ? [
          firstOf(
            sentence`Add agent, or set a default: ${callOf("init", { agent: only })}.`,
            "Add agent."
          )
        ]
      : sentencesOf(problemFound.hint)
  const named = {
    ...problemFound,
    hint: [...hint, `Installed here: ${installed.join(", ")}.`],
    details: { ...problemFound.details, installed }
  }
  return others.length === 0 ? withChange(named, { agent: only }) : named
}

/** Warns if no login of the agent is found with these variables. */
export const loginWarnings = (
  { work }: TaskSpec,
  env: Variables,
  config: Configuration
): ReadonlyArray<string> => {
  const agent = work.kind === "prompt" ? agentOf(config, work.agent) : null
  if (agent === null || authOf(agent, agentEnvironment(config, agent, env)).status !== "missing")
    return []
  return [`no login of ${agent.name} was found; to log in: ${agent.login}`]
}
