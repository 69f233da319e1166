/** The agents that backbeat knows. */
import type { Agent } from "./Agent.ts"
import { claude } from "./claude/claude.ts"
import { codex } from "./codex/codex.ts"
import { customAgent } from "./custom/customAgent.ts"
import type { CustomCommand } from "./custom/customAgent.ts"
import { gemini } from "./gemini/gemini.ts"
import { opencode } from "./opencode/opencode.ts"

/** The built-in agents, in the order in which a default agent is chosen. */
export const builtIn: ReadonlyArray<Agent> = [claude, codex, gemini, opencode]

/** The agent with this name: a built-in one, or one of `customs`; undefined if there is none. */
export const findAgent = (
  name: string,
  customs: Readonly<Record<string, CustomCommand>>
): Agent | undefined => {
  const known = builtIn.find((agent) => agent.name === name)
  if (known !== undefined) return known
  const custom = Object.hasOwn(customs, name) ? customs[name] : undefined
  return custom === undefined ? undefined : customAgent(name, custom)
}
