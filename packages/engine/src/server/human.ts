/** Text for people at a terminal: tables, lines of output, sentences. */
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

const rowOf = (task: BriefTask): ReadonlyArray<string> => [
  task.id,
  task.health === null ? task.status : `${task.status} (${task.health})`,
  String(task.attempt),
  endOf(task),
  duration(task.durationMs),
  task.createdAt.slice(0, 19).replace("T", " "),
  clip(visible(task.name ?? task.script ?? [task.command ?? "", ...task.args].join(" ")))
]

const head = ["ID", "STATUS", "ATTEMPT", "EXIT", "TIME", "CREATED (UTC)", "WHAT"]

const table = (tasks: ReadonlyArray<BriefTask>, color: boolean): string => {
  const rows = [head, ...tasks.map(rowOf)]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows
    .map((row, index) => {
      const status = tasks[index - 1]?.status
      return row
        .map((cell, column) => {
          const padded = column === head.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)
          const code = column === 1 && status !== undefined && color ? colours[status] : undefined
          return code === undefined ? padded : `\u001b[${code}m${padded}\u001b[0m`
        })
        .join("  ")
        .trimEnd()
    })
    .join("\n")
}

const decodeLines = Schema.decodeUnknownOption(Schema.Struct({ taskId: Schema.String, lines: Schema.Array(Schema.String) }))
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
  const reasons = Option.getOrNull(decodeReasons(data))
  if (reasons === null) return null
  const because = reasons.because.map(({ what, since }) => `  ${since}  ${visible(what)}`)
  return [`${reasons.status}, because`, ...because, ...(reasons.next === null ? [] : [reasons.next])].join("\n")
}

/** The data of an operation that knows --human as text; null for any other. */
export const humanText = (data: unknown, color: boolean): string | null => {
  const page = Option.getOrNull(decodePage(data))
  if (page !== null) {
    const more = page.total > page.tasks.length ? `\n${page.tasks.length} of ${page.total}` : ""
    return table(page.tasks, color) + more
  }
  const one = Option.getOrNull(decodeTask(data))
  return one === null ? textOf(data) : table([one.task], color)
}
