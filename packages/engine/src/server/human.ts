/** Text for people at a terminal: tables, lines of output, sentences. */
import { AgentEntry } from "@backbeat/contract/operation/agents"
import { BriefPipeline, PipelineAnswer } from "@backbeat/contract/PipelineAnswer"
import type { BriefTask } from "@backbeat/contract/TaskAnswer"
import { BriefTask as BriefTaskSchema } from "@backbeat/contract/TaskAnswer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const colours: Readonly<Record<string, string>> = {
  running: "36",
  completed: "32",
  failed: "31",
  cancelled: "33",
  stopping: "33",
  retrying: "35",
  queued: "34",
  blocked: "90"
}

const decodeTask = Schema.decodeUnknownOption(Schema.Struct({ task: BriefTaskSchema }))
const decodePage = Schema.decodeUnknownOption(
  Schema.Struct({ total: Schema.Int, tasks: Schema.Array(BriefTaskSchema) })
)
const decodePipeline = Schema.decodeUnknownOption(Schema.Struct({ pipeline: PipelineAnswer }))
const decodeAgents = Schema.decodeUnknownOption(Schema.Struct({ agents: Schema.Array(AgentEntry) }))
const decodePipelines = Schema.decodeUnknownOption(
  Schema.Struct({ total: Schema.Int, pipelines: Schema.Array(BriefPipeline) })
)

const maxWhat = 60

// Control characters of a command would move the cursor of the terminal that shows it.
const visible = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ").trim()

const clip = (text: string): string => (text.length > maxWhat ? `${text.slice(0, maxWhat - 1)}…` : text)

const duration = (ms: number | null): string => {
  if (ms === null) return "-"
  if (ms < 1000) return `${ms}ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)}s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}m${Math.floor(seconds % 60)}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`
}

const endOf = (task: BriefTask): string => task.signal ?? (task.exitCode === null ? "-" : String(task.exitCode))

const whatOf = ({ name, script, prompt, agent, command, args }: BriefTask): string => {
  if (prompt === null) return name ?? script ?? [command ?? "", ...args].join(" ")
  return name ?? `${agent ?? ""}: ${prompt.split("\n").find((line) => line.trim() !== "") ?? ""}`
}

const rowOf = (task: BriefTask): ReadonlyArray<string> => [
  task.id,
  task.health === null ? task.status : `${task.status} (${task.health})`,
  String(task.attempt),
  endOf(task),
  duration(task.durationMs),
  task.createdAt.slice(0, 19).replace("T", " "),
  clip(visible(whatOf(task)))
]

const head = ["ID", "STATUS", "ATTEMPT", "EXIT", "TIME", "CREATED (UTC)", "WHAT"]
const agentHead = ["AGENT", "INSTALLED", "LOGIN", "DEFAULT", "PERMISSION MODE"]
const pipelineHead = ["ID", "STATUS", "DONE", "TIME", "CREATED (UTC)", "NAME"]

/** Lines of a table; `status` is what colours the second column. */
interface Rows {
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly statuses: ReadonlyArray<string>
}

const layOut = ({ head: first, rows: others, statuses }: Rows, color: boolean): string => {
  const rows = [first, ...others]
  const widths = first.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows
    .map((row, index) => {
      const status = statuses[index - 1]
      return row
        .map((cell, column) => {
          const padded = column === first.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)
          const code = column === 1 && status !== undefined && color ? colours[status] : undefined
          return code === undefined ? padded : `\u001b[${code}m${padded}\u001b[0m`
        })
        .join("  ")
        .trimEnd()
    })
    .join("\n")
}

const table = (tasks: ReadonlyArray<BriefTask>, color: boolean): string =>
  layOut({ head, rows: tasks.map(rowOf), statuses: tasks.map(({ status }) => status) }, color)

const pipelineRowOf = ({ id, status, cancelled, counts, stepCount, durationMs, createdAt, name }: BriefPipeline): ReadonlyArray<string> => [
  id,
  status === "running" && cancelled !== null ? `${status} (cancelling)` : status,
  `${counts.completed}/${stepCount}`,
  duration(durationMs),
  createdAt.slice(0, 19).replace("T", " "),
  clip(visible(name ?? ""))
]

const pipelineTable = (pipelines: ReadonlyArray<BriefPipeline>, color: boolean): string =>
  layOut({ head: pipelineHead, rows: pipelines.map(pipelineRowOf), statuses: pipelines.map(({ status }) => status) }, color)

const agentRowOf = ({ agent, installed, version, auth, default: isDefault, permissionMode }: AgentEntry): ReadonlyArray<string> => [
  agent,
  visible(version ?? (installed ? "yes" : "no")),
  auth.status,
  isDefault ? "yes" : "-",
  permissionMode ?? "-"
]

const agentText = (data: unknown, color: boolean): string | null => {
  const all = Option.getOrNull(decodeAgents(data))
  return all === null ? null : layOut({ head: agentHead, rows: all.agents.map(agentRowOf), statuses: [] }, color)
}

const shownOf = (count: number, total: number): string => (total > count ? `\n${count} of ${total}` : "")

const pipelineText = (data: unknown, color: boolean): string | null => {
  const page = Option.getOrNull(decodePipelines(data))
  if (page !== null) return pipelineTable(page.pipelines, color) + shownOf(page.pipelines.length, page.total)
  const one = Option.getOrNull(decodePipeline(data))
  return one === null ? null : `${pipelineTable([one.pipeline], color)}\n\n${table(one.pipeline.tasks, color)}`
}

const decodeLines = Schema.decodeUnknownOption(Schema.Struct({ taskId: Schema.String, lines: Schema.Array(Schema.String) }))
const decodeArtifact = Schema.decodeUnknownOption(Schema.Struct({ summary: Schema.String, artifact: Schema.Struct({ absolute_path: Schema.String }) }))
const decodeReasons = Schema.decodeUnknownOption(
  Schema.Struct({
    status: Schema.String,
    because: Schema.Array(Schema.Struct({ what: Schema.String, since: Schema.String })),
    next: Schema.NullOr(Schema.String)
  })
)

const textOf = (data: unknown): string | null => {
  const lines = Option.getOrNull(decodeLines(data))
  if (lines !== null) return lines.lines.join("\n")
  const kept = Option.getOrNull(decodeArtifact(data))
  if (kept !== null) return `${kept.summary}\n${kept.artifact.absolute_path}`
  const reasons = Option.getOrNull(decodeReasons(data))
  if (reasons === null) return null
  const because = reasons.because.map(({ what, since }) => `  ${since}  ${visible(what)}`)
  return [`${reasons.status}, because`, ...because, ...(reasons.next === null ? [] : [reasons.next])].join("\n")
}

/** The data of an operation that knows --human as text; null for any other. */
export const humanText = (data: unknown, color: boolean): string | null => {
  const page = Option.getOrNull(decodePage(data))
  if (page !== null) {
    return table(page.tasks, color) + shownOf(page.tasks.length, page.total)
  }
  const one = Option.getOrNull(decodeTask(data))
  return one === null ? (pipelineText(data, color) ?? agentText(data, color) ?? textOf(data)) : table([one.task], color)
}
