/** Prints docs/contract.md from the table: how to call, what is returned, and every operation. */
import { markdownTable } from "@backbeat/core/markdown"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Actor } from "@backbeat/core/history/Actor"
import { Failure } from "@backbeat/core/task/Failure"
import { Notify } from "@backbeat/core/task/Notify"
import { HealthProbe, Probe, ProbeInput } from "@backbeat/core/task/Probe"
import { RestartPolicy } from "@backbeat/core/task/RestartPolicy"
import { Artifact, inlineMaxBytes } from "./Artifact.ts"
import { FailedTask, failuresMaxCount } from "./Ends.ts"
import { examplesShow } from "./discovery.ts"
import { exitCodes, exitStatuses, failed, succeeded } from "./Envelope.ts"
import { commonFlagTexts, flagTexts, operationHelpData } from "./help.ts"
import type { Operation } from "./Operation.ts"
import { Frame } from "./operation/output.ts"
import { StepInput, TaskInput } from "./operation/pipeline.ts"
import { LeanBriefPipeline, LeanPipeline } from "./LeanPipeline.ts"
import { LeanBriefTask, LeanTask } from "./LeanTask.ts"
import { BriefPipeline, PipelineAnswer } from "./PipelineAnswer.ts"
import { type ProblemType, problemTypes, taskNotFound } from "./Problem.ts"
import { payloadMaxBytes } from "./protocol.ts"
import { type NameOf, Shape, shapeOf, typeText } from "./Shape.ts"
import { operations } from "./table.ts"
import { BriefTask, TaskAnswer } from "./TaskAnswer.ts"

const rows: ReadonlyArray<Operation> = Object.values(operations)

const problemTexts: Readonly<Record<ProblemType, string>> = {
  CommandInputError: "The payload or the command line is invalid; the message names the field.",
  TaskNotFound: "No task has this id.",
  PipelineNotFound: "No pipeline has this id.",
  ScheduleNotFound: "There is no schedule with this id.",
  LoopNotFound: "No loop has this id.",
  DependencyNotFound: "A task in `dependsOn` does not exist and is not in the same call.",
  DependencyCycle: "The dependencies of one call form a cycle; the message names it.",
  AgentUnavailable: "The agent's program is not installed; the hint says how to install it.",
  TaskAlreadyRunning: "A task with this id has not ended.",
  IllegalTransition: "The status of the task does not allow this.",
  RevisionConflict:
    "Somebody else has changed it since the revision that the payload names; `schedule` in the details is what it is now.",
  StopIncomplete:
    "Some processes cannot be ended: `left` names each with its user and the reason. The task stays `stopping` and is watched.",
  TaskWaitTimedOut: "The wait timed out. What it waited for continues.",
  EngineUnreachable: "The engine does not answer and could not be started; the message says why.",
  ServiceUnavailable:
    "This system has no service manager that backbeat knows, or it refused; the message has its words.",
  StoreError: "The state could not be read or written.",
  ConfigInvalid: "The configuration is invalid.",
  QuotaExceeded:
    "Too many live tasks, or tasks nested too deep. A retry does not help with nesting.",
  InternalError:
    "A defect of backbeat; the details name a report. Also: the answer could not be written to stdout."
}

const exitTexts: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: "success; the answer is on stdout",
  refused:
    "the operation was rejected or failed; stdout is empty, the error is on stderr. A batch in which some fail has its document on stdout",
  defect: "a defect of backbeat (`InternalError`)"
}

const code = (text: string): string => `\`${text}\``
const fenced = (text: string, language = ""): string => `\`\`\`${language}\n${text}\n\`\`\``
const listed = (words: ReadonlyArray<string>): string => words.map(code).join(", ")
const toShape = (schema: Schema.Top): Shape =>
  Schema.decodeUnknownSync(Shape)(
    Schema.toJsonSchemaDocument(schema, { onExcessProperty: "ignore" }).schema
  )

/** A shape without the additions of a field. */
const bare = (shape: Shape): string =>
  JSON.stringify({ ...shape, description: undefined }, (key, value: unknown) =>
    key === "additionalProperties" ? undefined : value
  )

const schemas = {
  LeanTask,
  LeanBriefTask,
  LeanPipeline,
  LeanBriefPipeline,
  Task: TaskAnswer,
  BriefTask,
  Pipeline: PipelineAnswer,
  BriefPipeline,
  Step: StepInput,
  TaskOfPipeline: TaskInput,
  FailedTask,
  Failure,
  Actor,
  RestartPolicy,
  Probe,
  ProbeInput,
  HealthProbe,
  Notify,
  Artifact,
  Frame
}

const named = Object.entries(schemas).map(([name, schema]) => ({
  name,
  shape: toShape(schema),
  text: bare(toShape(schema))
}))

const nameOf: NameOf = (shape) => {
  const { anyOf = [] } = shape
  const members = anyOf.filter(({ type }) => type !== "null")
  const orNull = members.length > 1 && members.length < anyOf.length
  const text = orNull ? bare({ anyOf: members }) : bare(shape)
  const name = named.find((each) => each.text === text)?.name
  return name === undefined ? null : `${name}${orNull ? " or null" : ""}`
}

interface Row {
  readonly name: string
  readonly type: string
  readonly text: string
}

/**
 * The objects whose fields are listed separately: an object, those of a union, the items of an
 * array.
 */
const partsOf = (
  shape: Shape
): ReadonlyArray<{ readonly suffix: string; readonly shape: Shape }> => {
  if (nameOf(shape) !== null) return []
  if (shape.anyOf !== undefined) return shape.anyOf.flatMap(partsOf)
  if (shape.items !== undefined)
    return partsOf(shape.items).map((part) => ({ ...part, suffix: `[]${part.suffix}` }))
  return shape.properties === undefined ? [] : [{ suffix: "", shape }]
}

/** One row for each field, followed by its nested fields. Variants of a union share a row. */
const rowsOf = (shape: Shape, before = ""): ReadonlyArray<Row> => {
  const { properties = {}, required = [] } = shape
  return Object.entries(properties).flatMap(([key, property]) => {
    const name = `${before}${key}`
    const text =
      `${property.description ?? ""}${required.includes(key) ? "" : " (optional)"}`.trim()
    const inner = ofVariants(
      partsOf(property).map((part) => rowsOf(part.shape, `${name}${part.suffix}.`))
    )
    return [
      {
        name,
        type: typeText(
          property,
          (each) => nameOf(each) ?? (each.properties === undefined ? null : "object")
        ),
        text
      },
      ...inner
    ]
  })
}

const ofVariants = (variants: ReadonlyArray<ReadonlyArray<Row>>): ReadonlyArray<Row> =>
  [...Map.groupBy(variants.flat(), ({ name }) => name)].map(([name, same]) => ({
    name,
    type: [...new Set(same.map(({ type }) => type))].join(" or "),
    text: same[0]?.text ?? ""
  }))

const fieldTable = (fields: ReadonlyArray<Row>): string => {
  const told = fields.some(({ text }) => text !== "")
  return markdownTable(
    ["field", "type", ...(told ? [""] : [])],
    fields.map(({ name, type, text }) => [code(name), code(type), ...(told ? [text] : [])])
  )
}

const inputOf = (operation: Operation): string => {
  const shape = shapeOf(operation, "input")
  const required = shape.required ?? []
  // Most fields of a payload are optional, so what stands out is the required one.
  const fields = rowsOf(shape).map((row) => ({
    ...row,
    text: `${row.text.replace(/ ?\(optional\)$/u, "")}${required.includes(row.name) ? " **(required)**" : ""}`
  }))
  return fields.length === 0 ? "No fields." : fieldTable(fields)
}

const outputOf = (operation: Operation): string => {
  const shape = shapeOf(operation, "output")
  const variants = shape.anyOf ?? [shape]
  return variants.map((variant) => fieldTable(rowsOf(variant))).join("\n\nor\n\n")
}

const section = (operation: Operation): string => {
  const { usage, flags, errors } = operationHelpData(operation)
  const { examples } = Result.getOrThrow(examplesShow({ operation: operation.name }))
  const own = operation.flags.map((flag) => `--${flag}`)
  return [
    `### ${operation.name}\n\n${operation.summary}\n\n${fenced(usage)}`,
    ...(operation.batch ? ["Also takes an array of payloads."] : []),
    ...(own.length > 0 && flags.length > 0 ? [`Flags: ${listed(own)}.`] : []),
    inputOf(operation),
    `Answer:\n\n${outputOf(operation)}`,
    ...(errors.length > 0 ? [`Errors: ${listed(errors)}.`] : []),
    `Examples:\n\n${fenced(examples.map(({ title, call }) => `# ${title}\n${call}`).join("\n"), "sh")}`
  ].join("\n\n")
}

const calling = (): string => {
  const batch = rows.filter((row) => row.batch).map((row) => row.name)
  const steered = rows.filter((row) => row.batch && !row.readOnly).map((row) => row.name)
  return `## Calling

${fenced(`backbeat <operation> [payload] [flags]

payload:  '{"id":"demo"}'   inline JSON
          @file.json        from a file
          -                 from stdin
          demo              a bare word, if the operation takes one
          (none)            the same as {}

backbeat start [payload] [flags] -- npm test      everything after -- is command and args`)}

The payload says what to do; flags control how the call runs. Unknown fields and flags are rejected, and the error names the nearest known one. A
payload has at most ${payloadMaxBytes / 1_000_000} MB. Times are ISO 8601 in UTC with milliseconds; durations are milliseconds.

${listed(batch)} also take an array of payloads. The \`data\` of the answer to ${listed(steered)} is \`{outcome, total, successCount, errorCount, counts, failures, results}\`.
\`successCount\`, \`errorCount\` and the exit code say what was accepted: the exit code is ${exitCodes.refused} if any item was rejected. Each of \`results\` is \`{index, ok: true, id, status}\`,
\`{index, ok: true, id, status, data}\` if the payload has \`full\`, or \`{index, ok: false, error}\`. \`outcome\` is \`succeeded\`, \`partial_failure\` or \`failed\`. It describes
acceptance; with \`--wait\` and for \`stop\` it describes how the tasks ended. In that case \`counts\` has the number of tasks in each status and \`failures\` names at most ${failuresMaxCount} failed tasks, each with three
lines of output. With \`--wait\`, \`results\` has only rejected items and tasks that have not ended. \`wait\` of several returns \`{outcome, counts, failures}\`, and \`status\` of several returns \`{tasks, errors}\`.

An answer of more than ${inlineMaxBytes.toLocaleString("en-US")} bytes becomes an artifact: the answer names a file with the data. \`--output inline\` prints all of it.`
}

const answers = (): string => `## Answers

One JSON document on one line, on a terminal too. \`--pretty\` indents it, \`--human\` prints text instead. A success goes to stdout, a failure to stderr:

${fenced(
  `${JSON.stringify(succeeded("config path", { path: "/home/me/.config/backbeat/config.json", exists: false }))}
${JSON.stringify(failed("status", taskNotFound("demo")))}`,
  "json"
)}

\`hint\` and \`retryable\` are always present. \`try\` is the complete call that the caller probably meant: see [cli.md](cli.md#errors-and-try).

Answers are lean. A task in an answer is a [LeanTask](#leantask): a field that is null, empty or at its default is left out, and
\`command\`, \`script\` or \`prompt\` is one line, \`what\`. So an absent field means null, empty or its default. With \`"full": true\` in the
payload, the task is a [Task](#task): it has every field. In lists, long texts of full tasks are cut at 120 characters, unless the call names one id.

${markdownTable(
  ["exit code", "means"],
  Object.entries(exitTexts).map(([name, text]) => [
    String(new Map(Object.entries(exitCodes)).get(name)),
    text
  ])
)}

\`--get <path>\` prints one value of the whole answer as text: \`task.id\`, \`lines\` (one a line), \`tasks.0.status\` or, of every task, \`tasks.id\`. A path that does not
exist is an error, which says that the call was done.

With \`--exit-status\` (${listed(rows.filter((row) => row.flags.includes("exit-status")).map((row) => row.name))}) the exit code is that of the task: its own, ${exitStatuses.signalBase} + n if signal n killed it,
${exitStatuses.stopped} if it was cancelled or reached one of its limits, ${exitStatuses.notSpawned} if its command could not be started, ${exitStatuses.failed} if it failed in another way. ${exitStatuses.timeIsUp}: the wait timed out; the task continues.
${exitStatuses.refused}: the call was rejected. For several tasks it is 0 if all completed, else ${exitStatuses.failed}.
A task with \`readyWhen\` that completed before it was ready is not a success for \`--wait\`: it is \`completed\`, the answer has \`neverReady\`, and the exit code is ${exitStatuses.failed}.

With \`--stream\` the answer is one frame a line. To continue after a frame, pass its \`sequence\` as \`since\` to \`events\`, or the
\`data.cursor\` of a line as \`since\` to \`logs\`. \`logs\` does not take a \`sequence\`: a line only has that of the last event before it.
With \`context\` only the last line has a \`data.cursor\`.
If output before a line was dropped unread, the line has \`data.droppedBytes\`.`

const flags = (): string => `## Flags

${fenced([...Object.values(flagTexts), ...commonFlagTexts].join("\n"))}

An operation rejects a flag that it does not take.`

const errors = (): string => `## Errors

${markdownTable(
  [code("error.type"), "a retry can help", "means"],
  Object.entries(problemTexts).map(([type, text]) => [
    code(type),
    new Map(Object.entries(problemTypes)).get(type)?.retryable === true ? "yes" : "no",
    text
  ])
)}

${listed(["EngineUnreachable", "InternalError"])} can come from every operation.`

const shapeText = (name: string, shape: Shape): string => {
  const keys = Object.keys(shape.properties ?? {})
  if (name === "BriefTask") return `These fields of a \`Task\`: ${listed(keys)}.`
  if (name === "LeanBriefTask") return `These fields of a \`LeanTask\`: ${listed(keys)}.`
  if (name === "LeanBriefPipeline") return "A `LeanPipeline` without `tasks`."
  if (name === "BriefPipeline") return "A `Pipeline` without `tasks`."
  if (name === "Step" || name === "TaskOfPipeline") {
    const missing = Object.keys(shapeOf(operations.start, "input").properties ?? {}).filter(
      (key) => !keys.includes(key)
    )
    return `What \`start\` takes, without ${listed(missing)}.`
  }
  const variants = shape.anyOf ?? [shape]
  const fields = fieldTable(ofVariants(variants.map((variant) => rowsOf(variant))))
  if (name === "Failure")
    return `\`type\` says which other fields are present: see [failures](lifecycle.md#failures).\n\n${fields}`
  if (variants.length === 1) return fields
  return `Exactly one of ${listed(variants.map(({ required }) => required?.[0] ?? ""))}, with the fields that belong to it.\n\n${fields}`
}

const shapes = (): string =>
  `## Shapes\n\n${named.map(({ name, shape }) => `### ${name}\n\n${shapeText(name, shape)}`).join("\n\n")}`

/** The text of docs/contract.md. */
export const reference = (): string =>
  [
    "# Contract\n\n<!-- Printed from packages/contract/src by `bun scripts/docs.ts`. Change it there. -->",
    calling(),
    answers(),
    flags(),
    errors(),
    `## Operations\n\n${markdownTable(
      ["operation", ""],
      rows.map(({ name, summary }) => [`[${name}](#${name.replaceAll(" ", "-")})`, summary])
    )}`,
    ...rows.map(section),
    `${shapes()}\n`
  ].join("\n\n")
