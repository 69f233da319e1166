/** The operations about agent CLIs: `agents list`, `agents check`, `init`. */
import * as Schema from "effect/Schema"
import { atMost, NoFields, NonEmptyText, optional } from "../fields.ts"
import { operation } from "../Operation.ts"

const AgentName = NonEmptyText.check(atMost(64))

/**
 * An agent on this machine. `auth` is what can be seen of its login without contacting its
 * provider: `where` names the variable or file. The key in it is neither read nor shown.
 * `permissionMode` is null if the agent's own settings decide.
 */
export const AgentEntry = Schema.Struct({
  agent: Schema.String,
  kind: Schema.Literals(["built-in", "custom"]),
  command: Schema.String,
  installed: Schema.Boolean,
  path: Schema.NullOr(Schema.String),
  version: Schema.NullOr(Schema.String),
  default: Schema.Boolean,
  permissionMode: Schema.NullOr(Schema.Literals(["plan", "edit", "full"])),
  auth: Schema.Struct({
    status: Schema.Literals(["found", "missing", "unknown"]),
    where: Schema.NullOr(Schema.String)
  }),
  install: Schema.String,
  login: Schema.String
})
export type AgentEntry = typeof AgentEntry.Type

/** Lists the agents. */
export const agentsList = operation({
  name: "agents list",
  environment: true,
  summary: "List the agents: whether each is installed, its version, and whether a login is found.",
  input: NoFields,
  output: Schema.Struct({ agents: Schema.Array(AgentEntry) }),
  errors: ["CommandInputError"],
  examples: [{ title: "all", payload: {} }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: null,
  human: "agents",
  web: "POST",
  mcp: { tool: "ListAgents" }
})

/** Checks agents. */
export const agentsCheck = operation({
  name: "agents check",
  environment: true,
  summary: "Check one agent, or all installed ones, and say how to fix each problem.",
  input: Schema.Struct({
    agent: optional(
      AgentName,
      "the agent (default: the default one and all installed ones; all of them if none is installed)"
    )
  }),
  output: Schema.Struct({
    ok: Schema.Boolean,
    agents: Schema.Array(
      Schema.Struct({
        ...AgentEntry.fields,
        ok: Schema.Boolean,
        problems: Schema.Array(
          Schema.Struct({ message: Schema.String, fix: Schema.String, serious: Schema.Boolean })
        )
      })
    )
  }),
  errors: ["CommandInputError"],
  examples: [{ title: "one", payload: { agent: "claude" } }],
  batch: false,
  flags: [],
  readOnly: true,
  positional: "agent",
  human: "agents",
  web: "POST",
  mcp: {}
})

/** Chooses the default agent. */
export const init = operation({
  name: "init",
  environment: true,
  summary: "Choose the default agent; on a terminal it asks.",
  input: Schema.Struct({
    agent: optional(AgentName, "the agent (default: the only installed one)")
  }),
  output: Schema.Struct({ defaultAgent: Schema.String, path: Schema.String, agent: AgentEntry }),
  errors: ["CommandInputError", "AgentUnavailable", "ConfigInvalid"],
  examples: [{ title: "an installed agent", payload: { agent: "codex" } }],
  batch: false,
  flags: [],
  readOnly: false,
  positional: "agent",
  asks: "agent"
})
