/** An agent that the configuration defines by a command. */
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import type { Agent, AgentField } from "../Agent.ts"
import { readPlain } from "./readPlain.ts"

/**
 * The command of a custom agent. The prompt replaces `{prompt}` in an argument; without that it is
 * written to stdin.
 */
export interface CustomCommand {
  readonly command: string
  readonly args: ReadonlyArray<string>
}

const placeholder = "{prompt}"

const fields: ReadonlyArray<AgentField & keyof AgentWork> = [
  "model",
  "effort",
  "systemPrompt",
  "maxTurns",
  "maxCostUsd",
  "outputSchema",
  "session",
  "permissionMode"
]

const unsupportedFields = (name: string, work: AgentWork): ReturnType<Agent["unsupportedFields"]> =>
  fields
    .filter((field) => work[field] !== null)
    .map((field) => ({
      field,
      message:
        field === "permissionMode"
          ? `${name} does not support ${work.permissionMode}, because its own settings decide; claude does`
          : `${name} does not support it, because it is a custom agent; claude does`
    }))

const argvOf = (args: ReadonlyArray<string>, prompt: string): ReadonlyArray<string> =>
  // Not `replaceAll`: it would interpret `$&` in a prompt.
  args.map((arg) => arg.split(placeholder).join(prompt))

/** An agent that runs this command. Its calls ignore `CallSetting.args`. */
export const customAgent = (name: string, { args, command }: CustomCommand): Agent => {
  const hasPromptInArgs = args.some((arg) => arg.includes(placeholder))
  const traits = {
    name,
    login: command,
    credentialSources: { variables: [], files: [] },
    exitKinds: new Map()
  }
  return {
    ...traits,
    command,
    permissionMode: null,
    install: `put ${command} on PATH, or set agents.${name}.command`,
    unsupportedFields: (work) => unsupportedFields(name, work),
    call: (work, setting) => ({
      argv: [setting.command, ...argvOf(args, work.prompt)],
      stdin: hasPromptInArgs ? "" : work.prompt,
      env: {},
      files: []
    }),
    reader: (work) => readPlain(traits, work)
  }
}
