/** Formats answers as text for people, in the form that the operation's row names. */
import { AgentEntry } from "@backbeat/contract/operation/agents"
import { Running } from "@backbeat/contract/operation/read"
import type { HumanForm } from "@backbeat/contract/Operation"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { layOut, type Looks, visible } from "./layOut.ts"
import { outline } from "./outline.ts"
import { runningText } from "./runningText.ts"
import { schedulesText } from "./schedulesText.ts"
import { tasksText } from "./tasksText.ts"
import { when, whenIn } from "./times.ts"

type Renderer = (data: unknown, looks: Looks) => string

/**
 * A renderer for data of one schema. Other data, such as the reference to an artifact, is shown as
 * indented lines.
 */
const of =
  <Data>(
    schema: Schema.Codec<Data, unknown>,
    render: (data: Data, looks: Looks) => string
  ): Renderer =>
  (data, looks) =>
    Option.match(Schema.decodeUnknownOption(schema)(data), {
      onNone: () => outline(data, looks),
      onSome: (decoded) => render(decoded, looks)
    })

const agentHead = ["AGENT", "INSTALLED", "LOGIN", "DEFAULT", "PERMISSION MODE"]

const agentRowOf = ({
  agent,
  installed,
  version,
  auth,
  default: isDefault,
  permissionMode
}: AgentEntry): ReadonlyArray<string> => [
  agent,
  visible(version ?? (installed ? "yes" : "no")),
  auth.status,
  isDefault ? "yes" : "-",
  permissionMode ?? "-"
]

const Problems = Schema.Array(Schema.Struct({ message: Schema.String, fix: Schema.String }))
const Agents = Schema.Struct({
  agents: Schema.Array(
    Schema.Struct({ ...AgentEntry.fields, problems: Schema.optionalKey(Problems) })
  )
})

const agentsText = ({ agents }: typeof Agents.Type, { color }: Looks): string =>
  [
    layOut({ head: agentHead, rows: agents.map(agentRowOf), statuses: [] }, color),
    ...agents.flatMap(({ agent, problems = [] }) =>
      problems.map(({ message, fix }) => `${agent}: ${visible(message)}. ${visible(fix)}`)
    )
  ].join("\n")

const Lines = Schema.Union([
  Schema.Struct({ taskId: Schema.String, lines: Schema.Array(Schema.String) }),
  Schema.Struct({
    summary: Schema.String,
    artifact: Schema.Struct({ absolute_path: Schema.String })
  })
])

const linesText = (data: typeof Lines.Type): string =>
  "lines" in data ? data.lines.join("\n") : `${data.summary}\n${data.artifact.absolute_path}`

const Reasons = Schema.Struct({
  status: Schema.String,
  because: Schema.Array(Schema.Struct({ what: Schema.String, since: Schema.String })),
  running: Schema.optionalKey(Running),
  next: Schema.NullOr(Schema.String)
})

const reasonsText = (
  { status, because, running, next }: typeof Reasons.Type,
  looks: Looks
): string =>
  [
    `${status}, because`,
    ...because.map(({ what, since }) => `  ${when(since, looks)}  ${visible(whenIn(what, looks))}`),
    ...(running === undefined ? [] : runningText(running, looks)),
    ...(next === null ? [] : [whenIn(next, looks)])
  ].join("\n")

const renderers: Readonly<Record<HumanForm, Renderer>> = {
  tasks: tasksText,
  schedules: schedulesText,
  agents: of(Agents, agentsText),
  lines: of(Lines, linesText),
  reasons: of(Reasons, reasonsText),
  outline
}

/** Formats the data of an answer in the form of its row. */
export const humanText = (form: HumanForm | undefined, data: unknown, looks: Looks): string =>
  renderers[form ?? "outline"](data, looks)
