/** Looks at the agents of this machine: where each is, which version, and whether it is logged in as far as files and variables tell. */
import type { AgentEntry } from "@backbeat/contract/operation/agents"
import type { Agent } from "@backbeat/agents/Agent"
import { builtIn } from "@backbeat/agents/agents"
import * as Effect from "effect/Effect"
import { statSync } from "../system/files.ts"
import { isAbsolute, join } from "node:path"
import type { Configuration } from "../configuration/configuration.ts"
import type { Variables } from "../home/TaskEnvironment.ts"
import { capture } from "../process/capture.ts"
import { resolveCommand } from "../process/resolveCommand.ts"
import {
  agentEnvironment,
  agentNames,
  agentOf,
  agentSettings,
  commandOf
} from "../configuration/knownAgents.ts"

const versionTimeoutMs = 15_000
const versionMaxCharacters = 200

/** The first line that `--version` prints; null when it prints none in time. */
const versionOf = (path: string, env: Variables): Effect.Effect<string | null> =>
  Effect.promise(async () => {
    const text = await capture({
      cmd: [path, "--version"],
      cwd: "/",
      env,
      timeoutMs: versionTimeoutMs,
      maxBytes: 65_536
    })
    const line = text?.split("\n").find((each) => each.trim() !== "")
    return line === undefined ? null : line.trim().slice(0, versionMaxCharacters)
  })

const isThere = (path: string): boolean => {
  try {
    return statSync(path).size > 0
  } catch {
    return false
  }
}

/** A path of the marks, such as `${CODEX_HOME:-.codex}/auth.json`, below the home directory. */
const placeOf = (pattern: string, env: Variables): string => {
  const path = pattern.replace(/\$\{([A-Z_]+):-([^}]*)\}/u, (_, name: string, fallback: string) => {
    const value = env[name]
    return value === undefined || value === "" ? fallback : value
  })
  return isAbsolute(path) ? path : join(env["HOME"] ?? "/", path)
}

/** What can be seen of an agent's login in these variables and in the files that they lead to. */
export const authOf = (
  { credentialSources: { variables, files } }: Agent,
  env: Variables
): AgentEntry["auth"] => {
  const variable = variables.find((name) => (env[name] ?? "") !== "")
  if (variable !== undefined) return { status: "found", where: variable }
  const file = files.map((pattern) => placeOf(pattern, env)).find(isThere)
  if (file !== undefined) return { status: "found", where: file }
  // A keychain cannot be looked into without asking its owner.
  const unseen = variables.length + files.length === 0 || process.platform === "darwin"
  return { status: unseen ? "unknown" : "missing", where: null }
}

const inspect = (
  config: Configuration,
  agent: Agent,
  callers: Variables
): Effect.Effect<AgentEntry> =>
  Effect.gen(function* () {
    const command = commandOf(config, agent)
    const settings = agentSettings(config, agent.name)
    const env = agentEnvironment(config, agent, callers)
    const resolved = resolveCommand({ argv: [command], cwd: "/", env })
    const path = resolved.kind === "resolved" ? resolved.path : null
    return {
      agent: agent.name,
      kind: builtIn.includes(agent) ? "built-in" : "custom",
      command,
      installed: path !== null,
      path,
      version: path === null || !builtIn.includes(agent) ? null : yield* versionOf(path, env),
      default: config.defaultAgent === agent.name,
      permissionMode:
        agent.permissionMode === null ? null : (settings.permissionMode ?? agent.permissionMode),
      auth: authOf(agent, env),
      install: agent.install,
      login: agent.login
    }
  })

/** Every agent, as the caller with this environment would find it. Runs each with `--version`, at once. */
export const inspectAgents = (
  config: Configuration,
  env: Variables,
  names: ReadonlyArray<string> = agentNames(config)
): Effect.Effect<ReadonlyArray<AgentEntry>> =>
  Effect.forEach(
    names.flatMap((name) => agentOf(config, name) ?? []),
    (agent) => inspect(config, agent, env),
    { concurrency: "unbounded" }
  )
