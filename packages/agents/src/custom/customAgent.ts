/** An agent that the configuration describes by a command. */
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import type { Agent, AgentField } from "../Agent.ts"
import { readPlain } from "./readPlain.ts"

/** How a configured agent is called: the prompt takes the place of `{prompt}` in an argument, or else goes on stdin. */
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

const unable = (name: string, work: AgentWork): ReturnType<Agent["unable"]> =>
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
  // Split and joined: in a replacement text `$&` of a prompt would have a meaning.
  args.map((arg) => arg.split(placeholder).join(prompt))

/** An agent by its command. The arguments of a call are those of the template: the setting's are not added. */
export const customAgent = (name: string, { args, command }: CustomCommand): Agent => {
  const inArgs = args.some((arg) => arg.includes(placeholder))
  const traits = {
    name,
    login: command,
    loginMarks: { variables: [], files: [] },
    exitKinds: new Map()
  }
  return {
    ...traits,
    command,
    permissionMode: null,
    install: `put ${command} on PATH, or set agents.${name}.command`,
    unable: (work) => unable(name, work),
    call: (work, setting) => ({
      argv: [setting.command, ...argvOf(args, work.prompt)],
      stdin: inArgs ? "" : work.prompt,
      env: {},
      files: []
    }),
    reader: (work) => readPlain(traits, work)
  }
}
