/** Gemini CLI. Source: `gemini --help`, https://geminicli.com/docs/cli/headless */
import type { AgentErrorKind } from "@backbeat/core/task/AgentOutcome"
import type { AgentWork, PermissionMode } from "@backbeat/core/task/AgentWork"
import type { Agent, CallSetting } from "../Agent.ts"
import { readEvents } from "../reading/readEvents.ts"
import { geminiDialect } from "./readGemini.ts"

const approvalModes: Readonly<Record<PermissionMode, string>> = {
  plan: "plan",
  edit: "auto_edit",
  full: "yolo"
}

// No -p: it would be put behind what comes on standard input, which alone makes the call headless.
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
  loginMarks: {
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
  // 41 and 53 are its own. An HTTP status becomes its exit code, of which the system keeps the lowest eight bits.
  exitKinds: new Map<number, AgentErrorKind>([
    [41, "auth"],
    [53, "limit"],
    [401 & 255, "auth"],
    [403 & 255, "auth"],
    [429 & 255, "rate_limit"]
  ])
}

const cannot: ReturnType<Agent["unable"]> = [
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

/** Gemini CLI. In `edit` it has no shell: without anyone to ask, it takes tools that ask away. It counts no cost. */
export const gemini: Agent = {
  ...traits,
  command: "gemini",
  permissionMode: "edit",
  install: "npm install -g @google/gemini-cli",
  unable: (work) => cannot.filter(({ field }) => work[field] !== null),
  call: (work, setting) => ({
    argv: [setting.command, ...argsOf(work, setting)],
    stdin: work.prompt,
    env: {},
    files: []
  }),
  reader: (work) => readEvents({ ...geminiDialect, traits }, work)
}
