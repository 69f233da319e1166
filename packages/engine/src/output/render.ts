// Output as text: for the summary of an answer, and for an artifact with all lines in it.
import type { LogLine } from "./LogLine.ts"

/** The sentence that stands for lines given elsewhere, such as "Showing 50 of 412 log lines for bg_demo." */
export function summarize(
  taskId: string,
  page: { readonly shownLines: number; readonly totalLines: number }
): string {
  return `Showing ${page.shownLines} of ${page.totalLines} log lines for ${taskId}.`
}

/** One line as text: the line itself, after its time when `timestamps`. */
export function renderLine(line: LogLine, timestamps: boolean): string {
  return timestamps ? `${line.at} ${line.text}` : line.text
}
