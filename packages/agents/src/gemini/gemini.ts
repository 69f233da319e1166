/** Gemini CLI. Source: `gemini --help`, https://geminicli.com/docs/cli/headless */
import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import type { AgentWork, PermissionMode } from "@backbeat/core/task/AgentWork"
import type { Agent, CallSetting } from "../Agent.ts"
import { readEvents } from "../reading/readEvents.ts"
import { geminiFormat } from "./readGemini.ts"

const approvalModes: Readonly<Record<PermissionMode, string>> = {
  plan: "plan",
  edit: "auto_edit",
  full: "yolo"
}

// No -p: gemini would append it to standard input, which already makes the call headless.
const argsOf = (work: AgentWork, { args }: CallSetting): ReadonlyArray<string> => [
  ...args,
  "-o",
  "stream-json",
  "--approval-mode",
  approvalModes[work.permissionMode ?? "edit"],
  "--skip-trust",
  ...(work.model === null ? [] : ["-m", work.model]),
  ...(work.session === null ? [] : ["-r", work.session.id])
]

const traits = {
  name: "gemini",
  login: "gemini",
  credentialSources: {
    variables: [
      "GEMINI_API_KEY",
      "GOOGLE_API_KEY",
      "GOOGLE_GENAI_USE_VERTEXAI",
      "GOOGLE_GENAI_USE_GCA"
    ],
    files: [
      "${GEMINI_CLI_HOME:-.}/.gemini/oauth_creds.json",
      "${GEMINI_CLI_HOME:-.}/.gemini/gemini-credentials.json"
    ]
  },
  // 41 and 53 are gemini's own codes. It also exits with an HTTP status, of which the system keeps
  // the lowest eight bits.
  exitKinds: new Map<number, AgentErrorKind>([
    [41, "auth"],
    [53, "limit"],
    [401 & 255, "auth"],
    [403 & 255, "auth"],
    [429 & 255, "rate_limit"]
  ])
}

const unsupported: ReturnType<Agent["unsupportedFields"]> = [
  {
    field: "effort",
    message: "gemini does not support it; claude, codex and opencode do"
  },
  {
    field: "systemPrompt",
    message: "gemini does not support it; claude, codex and opencode do"
  },
  {
    field: "maxTurns",
    message: "gemini does not support it; claude does"
  },
  {
    field: "maxCostUsd",
    message: "gemini does not support it, because it reports no cost; claude does"
  },
  {
    field: "outputSchema",
    message: "gemini does not support it; claude and codex do"
  }
]

/**
 * Gemini CLI. In `edit` mode it has no shell: headless, it removes the tools that would ask. It
 * reports no cost.
 */
export const gemini: Agent = {
  ...traits,
  command: "gemini",
  permissionMode: "edit",
  install: "npm install -g @google/gemini-cli",
  unsupportedFields: (work) => unsupported.filter(({ field }) => work[field] !== null),
  call: (work, setting) => ({
    argv: [setting.command, ...argsOf(work, setting)],
    stdin: work.prompt,
    env: {},
    files: []
  }),
  reader: (work) => readEvents({ ...geminiFormat, traits }, work)
}
