/**
 * Inspects the agents of this machine: path, version, and whether files or variables show a login.
 */
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

/** The first line of `--version`; null if none is printed in time. */
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

const hasContent = (path: string): boolean => {
  try {
    return statSync(path).size > 0
  } catch {
    return false
  }
}

/** Resolves a path pattern, such as `${CODEX_HOME:-.codex}/auth.json`, below the home directory. */
const resolvePattern = (pattern: string, env: Variables): string => {
  const path = pattern.replace(/\$\{([A-Z_]+):-([^}]*)\}/u, (_, name: string, fallback: string) => {
    const value = env[name]
    return value === undefined || value === "" ? fallback : value
  })
  return isAbsolute(path) ? path : join(env["HOME"] ?? "/", path)
}

/** The login status of an agent, according to these variables and the files they name. */
export const authOf = (
  { credentialSources: { variables, files } }: Agent,
  env: Variables
): AgentEntry["auth"] => {
  const variable = variables.find((name) => (env[name] ?? "") !== "")
  if (variable !== undefined) return { status: "found", where: variable }
  const file = files.map((pattern) => resolvePattern(pattern, env)).find(hasContent)
  if (file !== undefined) return { status: "found", where: file }
  // A keychain cannot be read without asking its owner.
  const unseen = variables.length + files.length === 0 || process.platform === "darwin"
  return { status: unseen ? "unknown" : "missing", where: null }
}

const inspect = (
  config: Configuration,
  agent: Agent,
  callerEnv: Variables
): Effect.Effect<AgentEntry> =>
  Effect.gen(function* () {
    const command = commandOf(config, agent)
    const settings = agentSettings(config, agent.name)
    const env = agentEnvironment(config, agent, callerEnv)
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

/** Inspects every agent with the caller's environment. Runs `--version` of all of them at once. */
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
