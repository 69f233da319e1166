/** Formats tables for a terminal. */
import type { Clock } from "./times.ts"

/** The clock of the reader, and whether to use colors. */
export interface Looks extends Clock {
  readonly color: boolean
}

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

const maxCharacters = 60

// Control characters in a command would move the cursor of the terminal.
/** A text in one line without control characters. */
export const visible = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ").trim()

/** A visible text, cut for a column. */
export const clip = (text: string): string => {
  const shown = visible(text)
  return shown.length > maxCharacters ? `${shown.slice(0, maxCharacters - 1)}…` : shown
}

/** The rows of a table; `statuses` colors the second column. */
export interface Rows {
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly statuses: ReadonlyArray<string>
}

/** The table as text. */
export const layOut = ({ head: first, rows: others, statuses }: Rows, color: boolean): string => {
  const rows = [first, ...others]
  const widths = first.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  )
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
