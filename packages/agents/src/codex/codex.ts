/** Codex CLI. Source: `codex exec --help`, `codex exec resume --help`, https://developers.openai.com/codex */
import type { Denied } from "@backbeat/core/task/AgentOutcome"
import type { AgentWork, PermissionMode } from "@backbeat/core/task/AgentWork"
import type { Agent, CallSetting } from "../Agent.ts"
import { deniedCall } from "../reading/callLine.ts"
import { readEvents } from "../reading/readEvents.ts"
import { codexFormat } from "./readCodex.ts"
import { withoutEscapes } from "../text/visible.ts"
import { tomlString } from "./tomlString.ts"

const schemaFile = "output-schema.json"

const permissions: Readonly<Record<PermissionMode, ReadonlyArray<string>>> = {
  plan: ["-s", "read-only"],
  edit: ["-s", "workspace-write"],
  full: ["--dangerously-bypass-approvals-and-sandbox"]
}

// `exec` has no -a, so that option comes before it and all others after it. `exec resume` accepts
// fewer options, but the options between `exec` and `resume` apply to both.
const argsOf = (work: AgentWork, { args, folder }: CallSetting): ReadonlyArray<string> => [
  ...(work.permissionMode === "full" ? [] : ["-a", "never"]),
  "exec",
  ...args,
  ...permissions[work.permissionMode ?? "edit"],
  "--json",
  "--skip-git-repo-check",
  ...(work.model === null ? [] : ["-m", work.model]),
  ...(work.effort === null ? [] : ["-c", `model_reasoning_effort=${tomlString(work.effort)}`]),
  ...(work.systemPrompt === null
    ? []
    : ["-c", `developer_instructions=${tomlString(work.systemPrompt)}`]),
  ...(work.outputSchema === null ? [] : ["--output-schema", `${folder}/${schemaFile}`]),
  ...(work.session === null ? [] : ["resume", work.session.id]),
  "-"
]

// No event reports a patch that the sandbox rejects. A command that the sandbox stops fails like
// any other.
const rejected = /codex_core::tools::router: error=(?<what>(?<tool>\w+) rejected: .*)$/gmu

const deniedIn = (stderr: string): ReadonlyArray<Denied> =>
  [...withoutEscapes(stderr).matchAll(rejected)].map(({ groups }) =>
    deniedCall(
      groups?.["tool"] === "patch" ? "apply_patch" : (groups?.["tool"] ?? null),
      groups?.["what"]
    )
  )

const traits = {
  name: "codex",
  login: "codex login",
  credentialSources: { variables: ["CODEX_API_KEY"], files: ["${CODEX_HOME:-.codex}/auth.json"] },
  exitKinds: new Map(),
  deniedIn
}

/** One argument must be shorter than 128 KiB (Source: Linux execve(2)), and escapes need space. */
const maxSystemPromptLength = 60_000

const unsupportedFields = (work: AgentWork): ReturnType<Agent["unsupportedFields"]> => {
  const candidates: ReturnType<Agent["unsupportedFields"]> = [
    {
      field: "maxTurns",
      message: "codex does not support it; claude does"
    },
    {
      field: "maxCostUsd",
      message: "codex does not support it, because it reports no cost; claude does"
    },
    {
      field: "systemPrompt",
      message: `codex supports at most ${maxSystemPromptLength} characters; claude supports more`
    }
  ]
  const isShort = (work.systemPrompt ?? "").length <= maxSystemPromptLength
  return candidates.filter(
    ({ field }) => work[field] !== null && !(field === "systemPrompt" && isShort)
  )
}

/**
 * Codex CLI. A resumed session keeps its first system prompt. Codex reports no cost. Its input
 * tokens include those from a cache.
 */
export const codex: Agent = {
  ...traits,
  command: "codex",
  permissionMode: "edit",
  install: "npm install -g @openai/codex",
  unsupportedFields,
  call: (work, setting) => ({
    argv: [setting.command, ...argsOf(work, setting)],
    stdin: work.prompt,
    env: {},
    files:
      work.outputSchema === null
        ? []
        : [{ path: schemaFile, text: JSON.stringify(work.outputSchema) }]
  }),
  reader: (work) => readEvents({ ...codexFormat, traits }, work)
}
