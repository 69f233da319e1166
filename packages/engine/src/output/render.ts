// Formats output as text: the summary of an answer, and the lines of an artifact.
import type { LogLine } from "./LogLine.ts"

/** A sentence such as "Showing 50 of 412 log lines for bg_demo." */
export function summarize(
  taskId: string,
  page: { readonly shownLines: number; readonly totalLines: number }
): string {
  return `Showing ${page.shownLines} of ${page.totalLines} log lines for ${taskId}.`
}

/** One line as text, after its time with `timestamps`. */
export function renderLine(line: LogLine, timestamps: boolean): string {
  return timestamps ? `${line.at} ${line.text}` : line.text
}
