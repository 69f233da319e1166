/** What a configuration asks of an agent that the agent cannot honour: to be seen only in the whole of it. */
import { showPath } from "@backbeat/contract/decodePayload"
import { nearest } from "@backbeat/contract/nearest"
import { agentNames, agentOf, agentSettings } from "./knownAgents.ts"
import type { Configuration } from "./configuration.ts"
import { type ConfigurationFlaw, told } from "./dropInvalid.ts"

const nothingAsked = {
  systemPrompt: null,
  maxTurns: null,
  maxCostUsd: null,
  outputSchema: null,
  session: null,
  after: null
}

/** The settings of one agent with which no task of it could start. They stay in force: without them it might do more than was meant. */
export const flawsOfAgent = (
  config: Configuration,
  name: string
): ReadonlyArray<ConfigurationFlaw> => {
  const { model = null, effort = null, permissionMode = null } = agentSettings(config, name)
  const unable =
    agentOf(config, name)?.unsupportedFields({
      kind: "prompt",
      prompt: "",
      agent: name,
      model,
      effort,
      permissionMode,
      ...nothingAsked
    }) ?? []
  return unable.map(({ field, message }) => {
    const at = ["agents", name, field]
    return { at, path: showPath(at), kind: "value", message }
  })
}

/** The same of all agents. */
export const agentFlaws = (config: Configuration): ReadonlyArray<ConfigurationFlaw> =>
  Object.keys(config.agents).flatMap((name) => flawsOfAgent(config, name))

/** That the default agent is none that there is. */
export const flawsOfDefault = (config: Configuration): ReadonlyArray<ConfigurationFlaw> => {
  const { defaultAgent } = config
  if (defaultAgent === null || agentOf(config, defaultAgent) !== null) return []
  const known = agentNames(config)
  const near = nearest(defaultAgent, known)
  const message = `unknown agent: ${told(defaultAgent)}; ${near === null ? `known: ${known.join(", ")}` : `did you mean ${near}?`}`
  return [{ at: ["defaultAgent"], path: "defaultAgent", kind: "value", message }]
}
