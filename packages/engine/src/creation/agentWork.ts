/** From the payload of `start` to what an agent is asked, and whether the agent is there at all. */
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

/** How long an agent may work when nobody says otherwise, in milliseconds. */
export const agentTimeoutMs = 1_800_000

/** The answer that no agent has this name. */
export const unknownAgent = (name: string, config: Configuration): Problem => {
  const known = agentNames(config)
  const near = nearest(name, known)
  const hint =
    near === null
      ? `Known agents: ${known.join(", ")}. Add others with agents.<name>.command in the configuration.`
      : `Did you mean ${near}?`
  return wrongField("agent", `unknown agent: ${name}`, hint)
}

/** A refusal of a field that may be left out. */
const leaveOut = (told: Problem): Problem => withChange(told, { [told.path ?? ""]: undefined })

type Unable = ReturnType<Agent["unsupportedFields"]>[number]

const refused = (input: StartInput): Problem | null => {
  if (input.stdin !== undefined)
    return leaveOut(
      wrongField(
        "stdin",
        "requires command or script: an agent reads its prompt from stdin",
        "Remove stdin."
      )
    )
  return input.args === undefined
    ? null
    : leaveOut(
        wrongField(
          "args",
          "requires command; a prompt takes no args",
          "Remove args. Set arguments of an agent with agents.<name>.args in the configuration."
        )
      )
}

/** What only goes with a prompt and is given without one, as a refusal; null when nothing is. */
export const strayAgentField = (input: StartInput): Problem | null => {
  const names = [...Object.keys(agentFields), "continueFrom"]
  const all = Object.keys(input).filter((name) => names.includes(name))
  const [stray] = all
  return stray === undefined
    ? null
    : withChange(
        wrongField(stray, "requires prompt", "Add prompt, or remove this field."),
        Object.fromEntries(all.map((name) => [name, undefined]))
      )
}

/** What is asked, with the configuration's values and then the defaults for what the payload does not say. */
const asked = (input: StartInput, settings: AgentSettings, agent: Agent) => ({
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

/** A caller cannot leave away what only the configuration says. */
const dishonoured = (input: StartInput, agent: string, { field, message }: Unable): Problem => {
  if (field === "session" || input[field] !== undefined)
    return leaveOut(wrongField(field, message, `Remove ${field}, or choose another agent.`))
  const key = `agents.${agent}.${field}`
  const told = `${key} in the configuration: ${message}`
  return withTry(
    commandInputError(told, `Reset the setting, or choose another agent.`, { key }),
    "config reset",
    { key }
  )
}

/** What the agent is asked. Fails with CommandInputError: for an agent that is not known, for a field that it cannot honour. */
export const agentWorkOf = (
  input: StartInput,
  prompt: string,
  config: Configuration
): Result.Result<AgentWork, Problem> =>
  Result.gen(function* () {
    const refusal = refused(input)
    if (refusal !== null) return yield* Result.fail(refusal)
    const agent = yield* agentFor(input.agent ?? config.defaultAgent, config)
    const work: AgentWork = {
      kind: "prompt",
      prompt,
      agent: agent.name,
      ...asked(input, agentSettings(config, agent.name), agent),
      session: null,
      after:
        input.continueFrom === undefined
          ? null
          : { task: input.continueFrom, how: "continue", added: null }
    }
    const [unable] = agent.unsupportedFields(work)
    return unable === undefined ? work : yield* Result.fail(dishonoured(input, agent.name, unable))
  })

/** Why the agent of a task cannot be run here, as AgentUnavailable; null when it can, and for what is no agent's task. */
export const agentUnavailable = (
  { work, cwd }: TaskSpec,
  env: Variables,
  config: Configuration
): Problem | null => {
  if (work.kind !== "prompt") return null
  const agent = agentOf(config, work.agent)
  if (agent === null) return unknownAgent(work.agent, config)
  const command = commandOf(config, agent)
  // A directory that is missing is no fault of the agent.
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

/** The agents that this environment finds on this machine. */
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

/** A refusal for want of an agent, with those that could be used instead; any other refusal as it is. */
export const namingInstalled = (told: Problem, config: Configuration, env: Variables): Problem => {
  if (told.type !== "AgentUnavailable" && told.path !== "agent") return told
  const installed = installedAgents(config, env)
  const [only, ...others] = installed
  if (only === undefined) return told
  const hint =
    told.hint === addAgent
      ? [
          firstOf(
            sentence`Add agent, or set a default: ${callOf("init", { agent: only })}.`,
            "Add agent."
          )
        ]
      : sentencesOf(told.hint)
  const named = {
    ...told,
    hint: [...hint, `Installed here: ${installed.join(", ")}.`],
    details: { ...told.details, installed }
  }
  return others.length === 0 ? withChange(named, { agent: only }) : named
}

/** What is to be said of an agent whose login cannot be seen with these variables. */
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
