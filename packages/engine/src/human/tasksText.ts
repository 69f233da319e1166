/**
 * Formats answers about tasks and pipelines for people: a table of each, with errors and warnings
 * below.
 */
import { BriefPipeline, PipelineAnswer } from "@backbeat/contract/PipelineAnswer"
import { BriefTask } from "@backbeat/contract/TaskAnswer"
import { describeFailure } from "@backbeat/core/task/Failure"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { clip, layOut, type Looks, visible } from "./layOut.ts"
import { outline } from "./outline.ts"
import { memoryText } from "./runningText.ts"
import { type Clock, duration, when } from "./times.ts"

/** The complete data of these answers. */
const Answer = Schema.Struct({
  total: Schema.optionalKey(Schema.Int),
  task: Schema.optionalKey(BriefTask),
  tasks: Schema.optionalKey(Schema.Array(BriefTask)),
  pipeline: Schema.optionalKey(PipelineAnswer),
  pipelines: Schema.optionalKey(Schema.Array(BriefPipeline)),
  errors: Schema.optionalKey(Schema.Array(Schema.Struct({ id: Schema.String }))),
  lastLines: Schema.optionalKey(Schema.Array(Schema.String)),
  warnings: Schema.optionalKey(Schema.Array(Schema.String))
})
type Answer = typeof Answer.Type
const decode = Schema.decodeUnknownOption(Answer)

const whyOf = ({ status, failure, signal, exitCode }: BriefTask): string => {
  if (failure !== null)
    return failure.type === "ExitedNonZero"
      ? `exit code ${failure.exitCode}`
      : describeFailure(failure)
  if (status === "completed")
    return exitCode === null || exitCode === 0 ? "" : `exit code ${exitCode}`
  return signal ?? ""
}

/** How long an attempt took, or has been running. */
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

const shownOf = (count: number, total = 0): string =>
  total > count ? `\n${count} of ${total}` : ""

/** The lines below the tables: last lines of a failed task, and warnings. */
const footerOf = ({ errors = [], lastLines = [], warnings = [] }: Answer): string =>
  [
    ...lastLines.map((line) => `  ${line}`),
    ...errors.map(({ id }) => `not found: ${visible(id)}`),
    ...warnings.map((warning) => `warning: ${visible(warning)}`)
  ]
    .map((line) => `\n${line}`)
    .join("")

/** The tables; none for answers without tasks and pipelines, such as counts. */
const tablesOf = (answer: Answer, looks: Looks): ReadonlyArray<string> => {
  const { task, tasks, pipeline, pipelines, total } = answer
  return [
    ...(tasks === undefined ? [] : [table(tasks, looks) + shownOf(tasks.length, total)]),
    ...(task === undefined ? [] : [table([task], looks)]),
    ...(pipelines === undefined
      ? []
      : [pipelineTable(pipelines, looks) + shownOf(pipelines.length, total)]),
    ...(pipeline === undefined
      ? []
      : [pipelineTable([pipeline], looks), table(pipeline.tasks, looks)])
  ]
}

/**
 * Formats the answer. Without tasks and pipelines, such as for counts, shows the fields as lines.
 */
export const tasksText = (data: unknown, looks: Looks): string => {
  const answer = Option.getOrNull(decode(data))
  const tables = answer === null ? [] : tablesOf(answer, looks)
  return answer === null || tables.length === 0
    ? outline(data, looks)
    : tables.join("\n\n") + footerOf(answer)
}
