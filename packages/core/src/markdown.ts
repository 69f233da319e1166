/** Markdown tables for the printed documents. */

const row = (cells: ReadonlyArray<string>): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`

/** A table; `|` in a cell is escaped. */
export const markdownTable = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): string => [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n")
