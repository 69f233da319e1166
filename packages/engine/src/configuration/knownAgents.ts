/** The known agents: the built-in ones and those of the configuration. */
import type { Agent, CallSetting } from "@backbeat/agents/Agent"
import { builtIn, findAgent } from "@backbeat/agents/agents"
import { customAgent } from "@backbeat/agents/custom/customAgent"
import type { AgentSettings, Configuration } from "./configuration.ts"
import type { Variables } from "../home/TaskEnvironment.ts"

const noSettings: AgentSettings = {}

/** The configured settings of an agent. */
export const agentSettings = (config: Configuration, name: string): AgentSettings =>
  Object.hasOwn(config.agents, name) ? (config.agents[name] ?? noSettings) : noSettings

/** The custom agents: those with a command that are not built in. */
const customs = ({
  agents
}: Configuration): Readonly<
  Record<string, { readonly command: string; readonly args: ReadonlyArray<string> }>
> =>
  Object.fromEntries(
    Object.entries(agents).flatMap(([name, { command, args }]) =>
      command === undefined || builtIn.some((agent) => agent.name === name)
        ? []
        : [[name, { command, args: args ?? [] }]]
    )
  )

/** The agent of this name, or null. */
export const agentOf = (config: Configuration, name: string): Agent | null =>
  findAgent(name, customs(config)) ?? null

/**
 * The agent that parses the output of a task, even if it was removed from the configuration since
 * the task started.
 */
export const agentForOutput = (config: Configuration, name: string): Agent =>
  agentOf(config, name) ?? customAgent(name, { command: name, args: [] })

/** The names of all agents. */
export const agentNames = (config: Configuration): ReadonlyArray<string> => [
  ...builtIn.map(({ name }) => name),
  ...Object.keys(customs(config))
]

/** The program of an agent: the configured one, or its usual name. */
export const commandOf = (config: Configuration, agent: Agent): string =>
  agentSettings(config, agent.name).command ?? agent.command

/** The environment of an agent's calls: the task's variables and those of the configuration. */
export const agentEnvironment = (
  config: Configuration,
  agent: Agent,
  env: Variables
): Variables => ({
  ...env,
  ...agentSettings(config, agent.name).env
})

/** The settings of an agent's call, with its files in `folder`. */
export const callSetting = (
  config: Configuration,
  agent: Agent,
  { folder, env }: Pick<CallSetting, "folder" | "env">
): CallSetting => ({
  command: commandOf(config, agent),
  args: agentSettings(config, agent.name).args ?? [],
  folder,
  env: agentEnvironment(config, agent, env)
})
