/** Claude Code. Source: https://code.claude.com/docs/en/cli-reference and `claude --help`. */
import type { AgentWork, PermissionMode } from "@backbeat/core/task/AgentWork"
import type { Agent, CallSetting } from "../Agent.ts"
import { readEvents } from "../reading/readEvents.ts"
import { claudeFormat } from "./readClaude.ts"

const permissionModes: Readonly<Record<PermissionMode, string>> = {
  plan: "plan",
  edit: "acceptEdits",
  full: "bypassPermissions"
}

const systemPromptFile = "system-prompt.md"

const argsOf = (work: AgentWork, { args, folder }: CallSetting): ReadonlyArray<string> => [
  ...args,
  "-p",
  "--output-format",
  "stream-json",
  // Without it, `-p` does not print events.
  "--verbose",
  "--permission-mode",
  permissionModes[work.permissionMode ?? "edit"],
  ...(work.model === null ? [] : ["--model", work.model]),
  ...(work.effort === null ? [] : ["--effort", work.effort]),
  // As a file: one argument must be shorter than 128 KiB.
  ...(work.systemPrompt === null
    ? []
    : ["--append-system-prompt-file", `${folder}/${systemPromptFile}`]),
  ...(work.maxTurns === null ? [] : ["--max-turns", String(work.maxTurns)]),
  ...(work.maxCostUsd === null ? [] : ["--max-budget-usd", String(work.maxCostUsd)]),
  ...(work.outputSchema === null ? [] : ["--json-schema", JSON.stringify(work.outputSchema)]),
  ...(work.session === null ? [] : ["--resume", work.session.id])
]

const traits = {
  name: "claude",
  login: "claude auth login",
  credentialSources: {
    variables: [
      "ANTHROPIC_API_KEY",
      "ANTHROPIC_AUTH_TOKEN",
      "CLAUDE_CODE_OAUTH_TOKEN",
      "CLAUDE_CODE_USE_BEDROCK",
      "CLAUDE_CODE_USE_VERTEX",
      "CLAUDE_CODE_USE_FOUNDRY"
    ],
    files: ["${CLAUDE_CONFIG_DIR:-.claude}/.credentials.json"]
  },
  exitKinds: new Map()
}

/** Claude Code. Its budget is for one call, also in a resumed session. */
export const claude: Agent = {
  ...traits,
  command: "claude",
  permissionMode: "edit",
  install: "npm install -g @anthropic-ai/claude-code",
  unsupportedFields: ({ effort }) =>
    effort === "minimal"
      ? [
          {
            field: "effort",
            message: "claude does not support minimal, its lowest is low; codex does"
          }
        ]
      : [],
  call: (work, setting) => ({
    argv: [setting.command, ...argsOf(work, setting)],
    stdin: work.prompt,
    env: {},
    files: work.systemPrompt === null ? [] : [{ path: systemPromptFile, text: work.systemPrompt }]
  }),
  reader: (work) => readEvents({ ...claudeFormat, traits }, work)
}
