/** Text for people at a terminal: tables, lines of output, sentences. */
import { AgentEntry } from "@backbeat/contract/operation/agents"
import { Running } from "@backbeat/contract/operation/read"
import { BriefPipeline, PipelineAnswer } from "@backbeat/contract/PipelineAnswer"
import type { BriefTask } from "@backbeat/contract/TaskAnswer"
import { BriefTask as BriefTaskSchema } from "@backbeat/contract/TaskAnswer"
import { describeFailure } from "@backbeat/core/task/Failure"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { clip, layOut, visible } from "./layOut.ts"
import { outline } from "./outline.ts"
import { memoryText, runningText } from "./runningText.ts"
import { type Clock, duration, when, whenIn } from "./times.ts"

const decodeTask = Schema.decodeUnknownOption(Schema.Struct({ task: BriefTaskSchema }))
const decodePage = Schema.decodeUnknownOption(
  Schema.Struct({ total: Schema.optionalKey(Schema.Int), tasks: Schema.Array(BriefTaskSchema) })
)
const decodePipeline = Schema.decodeUnknownOption(Schema.Struct({ pipeline: PipelineAnswer }))
const decodeAgents = Schema.decodeUnknownOption(Schema.Struct({ agents: Schema.Array(AgentEntry) }))
const decodePipelines = Schema.decodeUnknownOption(
  Schema.Struct({ total: Schema.Int, pipelines: Schema.Array(BriefPipeline) })
)

/** Who reads, and whether in colours. */
export interface Looks extends Clock {
  readonly color: boolean
}

const whyOf = ({ status, failure, signal, exitCode }: BriefTask): string => {
  if (failure !== null)
    return failure.type === "ExitedNonZero"
      ? `exit code ${failure.exitCode}`
      : describeFailure(failure)
  if (status === "completed")
    return exitCode === null || exitCode === 0 ? "" : `exit code ${exitCode}`
  return signal ?? ""
}

/** How long an attempt took, or has run so far. */
const timeOf = ({ durationMs, startedAt, endedAt }: BriefTask, { now }: Clock): string =>
  duration(
    durationMs ?? (startedAt === null || endedAt !== null ? null : now - Date.parse(startedAt))
  )

const whatOf = ({ name, script, prompt, agent, command, args }: BriefTask): string => {
  if (prompt === null) return name ?? script ?? [command ?? "", ...args].join(" ")
  return name ?? `${agent ?? ""}: ${prompt.split("\n").find((line) => line.trim() !== "") ?? ""}`
}

const memoryOf = ({ memoryBytes }: BriefTask): string =>
  memoryBytes === undefined ? "" : memoryText(memoryBytes)

const rowOf = (task: BriefTask, looks: Looks, memory: boolean): ReadonlyArray<string> => [
  task.id,
  task.health === null ? task.status : `${task.status} (${task.health})`,
  String(task.attempt),
  clip(whyOf(task)),
  timeOf(task, looks),
  ...(memory ? [memoryOf(task)] : []),
  when(task.endedAt ?? task.startedAt ?? task.createdAt, looks),
  clip(whatOf(task))
]

const head = ["ID", "STATUS", "ATTEMPT", "WHY", "TIME", "MEMORY", "WHEN", "WHAT"]

const headOf = (memory: boolean): ReadonlyArray<string> =>
  memory ? head : head.filter((name) => name !== "MEMORY")
const agentHead = ["AGENT", "INSTALLED", "LOGIN", "DEFAULT", "PERMISSION MODE"]
const pipelineHead = ["ID", "STATUS", "DONE", "TIME", "CREATED", "NAME"]

const table = (tasks: ReadonlyArray<BriefTask>, looks: Looks): string => {
  const memory = tasks.some(({ memoryBytes }) => memoryBytes !== undefined)
  return layOut(
    {
      head: headOf(memory),
      rows: tasks.map((task) => rowOf(task, looks, memory)),
      statuses: tasks.map(({ status }) => status)
    },
    looks.color
  )
}

const pipelineRowOf = (
  { id, status, cancelled, counts, stepCount, durationMs, createdAt, name }: BriefPipeline,
  looks: Looks
): ReadonlyArray<string> => [
  id,
  status === "running" && cancelled !== null ? `${status} (cancelling)` : status,
  `${counts.completed}/${stepCount}`,
  duration(durationMs),
  when(createdAt, looks),
  clip(name ?? "")
]

const pipelineTable = (pipelines: ReadonlyArray<BriefPipeline>, looks: Looks): string =>
  layOut(
    {
      head: pipelineHead,
      rows: pipelines.map((each) => pipelineRowOf(each, looks)),
      statuses: pipelines.map(({ status }) => status)
    },
    looks.color
  )

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

const agentText = (data: unknown, looks: Looks): string | null => {
  const all = Option.getOrNull(decodeAgents(data))
  return all === null
    ? null
    : layOut({ head: agentHead, rows: all.agents.map(agentRowOf), statuses: [] }, looks.color)
}

const shownOf = (count: number, total: number): string =>
  total > count ? `\n${count} of ${total}` : ""

const pipelineText = (data: unknown, looks: Looks): string | null => {
  const page = Option.getOrNull(decodePipelines(data))
  if (page !== null)
    return pipelineTable(page.pipelines, looks) + shownOf(page.pipelines.length, page.total)
  const one = Option.getOrNull(decodePipeline(data))
  return one === null
    ? null
    : `${pipelineTable([one.pipeline], looks)}\n\n${table(one.pipeline.tasks, looks)}`
}

const decodeLines = Schema.decodeUnknownOption(
  Schema.Struct({ taskId: Schema.String, lines: Schema.Array(Schema.String) })
)
const decodeArtifact = Schema.decodeUnknownOption(
  Schema.Struct({
    summary: Schema.String,
    artifact: Schema.Struct({ absolute_path: Schema.String })
  })
)
const decodeReasons = Schema.decodeUnknownOption(
  Schema.Struct({
    status: Schema.String,
    because: Schema.Array(Schema.Struct({ what: Schema.String, since: Schema.String })),
    running: Schema.optionalKey(Running),
    next: Schema.NullOr(Schema.String)
  })
)

const textOf = (data: unknown, looks: Looks): string | null => {
  const lines = Option.getOrNull(decodeLines(data))
  if (lines !== null) return lines.lines.join("\n")
  const kept = Option.getOrNull(decodeArtifact(data))
  if (kept !== null) return `${kept.summary}\n${kept.artifact.absolute_path}`
  const reasons = Option.getOrNull(decodeReasons(data))
  if (reasons === null) return null
  const because = reasons.because.map(
    ({ what, since }) => `  ${when(since, looks)}  ${visible(whenIn(what, looks))}`
  )
  const now = reasons.running === undefined ? [] : runningText(reasons.running, looks)
  return [
    `${reasons.status}, because`,
    ...because,
    ...now,
    ...(reasons.next === null ? [] : [whenIn(reasons.next, looks)])
  ].join("\n")
}

const Beside = Schema.Struct({
  lastLines: Schema.optionalKey(Schema.Array(Schema.String)),
  warnings: Schema.optionalKey(Schema.Array(Schema.String))
})
type Beside = typeof Beside.Type
const decodeBeside = Schema.decodeUnknownOption(Beside)

/** What stands beside a task: the last lines of one that failed, and warnings. */
const besideOf = (data: unknown): string => {
  const { lastLines = [], warnings = [] } = Option.getOrElse(decodeBeside(data), (): Beside => ({}))
  return [
    ...lastLines.map((line) => `  ${line}`),
    ...warnings.map((warning) => `warning: ${visible(warning)}`)
  ]
    .map((line) => `\n${line}`)
    .join("")
}

const taskText = (data: unknown, looks: Looks): string | null => {
  const page = Option.getOrNull(decodePage(data))
  if (page !== null) {
    return table(page.tasks, looks) + shownOf(page.tasks.length, page.total ?? 0)
  }
  const one = Option.getOrNull(decodeTask(data))
  return one === null ? null : table([one.task], looks) + besideOf(data)
}

/** The data of an answer as text for people. */
export const humanText = (data: unknown, looks: Looks): string =>
  taskText(data, looks) ??
  pipelineText(data, looks) ??
  agentText(data, looks) ??
  textOf(data, looks) ??
  outline(data, looks)
