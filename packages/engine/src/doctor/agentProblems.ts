/** Problems of the agents of this machine. */
import type { AgentEntry } from "@backbeat/contract/operation/agents"
import { callOf, sentence, type Text } from "@backbeat/contract/Text"

/** The problems that keep an agent from working (`serious`), and others to know of. */
export const problemsOf = ({
  agent,
  command,
  installed,
  version,
  kind,
  auth,
  install,
  login,
  permissionMode
}: AgentEntry) => {
  const found: ReadonlyArray<
    readonly [boolean, { readonly message: string; readonly fix: Text; readonly serious: boolean }]
  > = [
    [
      !installed,
      { message: `${command} is not installed, or not on PATH`, fix: install, serious: true }
    ],
    [
      installed && version === null && kind === "built-in",
      {
        message: `${command} --version prints no version`,
        fix: `Run it manually: it may need a newer Node. To install it again: ${install}`,
        serious: true
      }
    ],
    [auth.status === "missing", { message: "no login was found", fix: login, serious: true }],
    [
      permissionMode === "full",
      {
        message: "the configuration turns all its permission checks off (permissionMode full)",
        fix: sentence`${callOf("config set", { key: `agents.${agent}.permissionMode`, value: "edit" })}`,
        serious: false
      }
    ]
  ]
  return found.flatMap(([holds, its]) => (holds ? [its] : []))
}
