/** opencode. Source: `opencode run --help`, https://opencode.ai/docs/cli, https://opencode.ai/docs/config */
import type { AgentWork, PermissionMode } from "@backbeat/core/task/AgentWork"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Agent, CallSetting } from "../Agent.ts"
import { readEvents } from "../reading/readEvents.ts"
import { opencodeFormat } from "./readOpencode.ts"

// Without --auto, it denies everything for which its settings ask a person.
const permissions: Readonly<Record<PermissionMode, ReadonlyArray<string>>> = {
  plan: ["--agent", "plan"],
  edit: ["--agent", "build"],
  full: ["--agent", "build", "--auto"]
}

// Its agent `plan` may run a shell, which could write files.
const denyAll = JSON.stringify({ edit: "deny", bash: "deny" })

const systemPromptFile = "system-prompt.md"

const decodeConfiguration = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)
const decodeInstructions = Schema.decodeUnknownOption(Schema.Array(Schema.Unknown))

/** Adds one file of instructions to the configuration in its variable. */
const withInstructions = (current: string | undefined, path: string): string => {
  const configuration: Readonly<Record<string, unknown>> = Option.getOrElse(
    decodeConfiguration(current),
    () => ({})
  )
  const instructions = Option.getOrElse(decodeInstructions(configuration["instructions"]), () => [])
  return JSON.stringify({ ...configuration, instructions: [...instructions, path] })
}

const variablesOf = (
  work: AgentWork,
  { env, folder }: CallSetting
): Readonly<Record<string, string>> => ({
  ...(work.permissionMode === "plan" ? { OPENCODE_PERMISSION: denyAll } : {}),
  ...(work.systemPrompt === null
    ? {}
    : {
        OPENCODE_CONFIG_CONTENT: withInstructions(
          env["OPENCODE_CONFIG_CONTENT"],
          `${folder}/${systemPromptFile}`
        )
      })
})

const argsOf = (work: AgentWork, { args }: CallSetting): ReadonlyArray<string> => [
  "run",
  ...args,
  "--format",
  "json",
  ...permissions[work.permissionMode ?? "edit"],
  ...(work.model === null ? [] : ["-m", work.model]),
  ...(work.effort === null ? [] : ["--variant", work.effort]),
  ...(work.session === null ? [] : ["-s", work.session.id])
]

const traits = {
  name: "opencode",
  login: "opencode auth login",
  credentialSources: {
    variables: [
      "OPENCODE_API_KEY",
      "ANTHROPIC_API_KEY",
      "OPENAI_API_KEY",
      "GEMINI_API_KEY",
      "OPENROUTER_API_KEY"
    ],
    files: ["${XDG_DATA_HOME:-.local/share}/opencode/auth.json"]
  },
  exitKinds: new Map()
}

const unsupported: ReturnType<Agent["unsupportedFields"]> = [
  {
    field: "maxTurns",
    message: "opencode does not support it; claude does"
  },
  {
    field: "maxCostUsd",
    message: "opencode does not support it; claude does"
  },
  {
    field: "outputSchema",
    message: "opencode does not support it; claude and codex do"
  }
]

/**
 * opencode. OPENCODE_CONFIG_CONTENT adds the system prompt to the instructions of its
 * configuration. The provider defines the variants of a model: an unknown effort has no effect.
 */
export const opencode: Agent = {
  ...traits,
  command: "opencode",
  permissionMode: "edit",
  install: "npm install -g opencode-ai",
  unsupportedFields: (work) => unsupported.filter(({ field }) => work[field] !== null),
  call: (work, setting) => ({
    argv: [setting.command, ...argsOf(work, setting)],
    stdin: work.prompt,
    env: variablesOf(work, setting),
    files: work.systemPrompt === null ? [] : [{ path: systemPromptFile, text: work.systemPrompt }]
  }),
  reader: (work) => readEvents({ ...opencodeFormat, traits }, work)
}
