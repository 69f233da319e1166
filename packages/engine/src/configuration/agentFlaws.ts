/** Finds agent settings that the agent does not support. This needs the whole configuration. */
import { showPath } from "@backbeat/contract/decodePayload"
import { nearest } from "@backbeat/contract/nearest"
import { agentNames, agentOf, agentSettings } from "./knownAgents.ts"
import type { Configuration } from "./configuration.ts"
import { type ConfigurationFlaw, shorten } from "./dropInvalid.ts"

const nothingAsked = {
  systemPrompt: null,
  maxTurns: null,
  maxCostUsd: null,
  outputSchema: null,
  session: null,
  after: null
}

/**
 * The unsupported settings of one agent; none of its tasks can start with them. They are not
 * dropped, because without them the agent might do more than intended.
 */
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

/** The unsupported settings of all agents. */
export const agentFlaws = (config: Configuration): ReadonlyArray<ConfigurationFlaw> =>
  Object.keys(config.agents).flatMap((name) => flawsOfAgent(config, name))

/** The flaw that the default agent does not exist. */
export const flawsOfDefault = (config: Configuration): ReadonlyArray<ConfigurationFlaw> => {
  const { defaultAgent } = config
  if (defaultAgent === null || agentOf(config, defaultAgent) !== null) return []
  const known = agentNames(config)
  const near = nearest(defaultAgent, known)
  const message = `unknown agent: ${shorten(defaultAgent)}; ${near === null ? `known: ${known.join(", ")}` : `did you mean ${near}?`}`
  return [{ at: ["defaultAgent"], path: "defaultAgent", kind: "value", message }]
}
