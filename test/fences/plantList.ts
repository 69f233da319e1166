// Reads the lists of planted lines: columns cut by ` | `, with braces for alternatives.
import { readFileSync } from "node:fs"
import { join } from "node:path"

/** `a{b,c{d,e}}` as `ab`, `acd`, `ace`. A brace with a space or without a comma is code and stays. */
const expand = (text: string): ReadonlyArray<string> => {
  const brace = /\{([^{}\s]*,[^{}\s]*)\}/u.exec(text)
  if (brace === null) return [text]
  const [whole, inside = ""] = brace
  const before = text.slice(0, brace.index)
  const after = text.slice(brace.index + whole.length)
  return [...new Set(inside.split(",").flatMap((word) => expand(before + word + after)))]
}

/** A line of a list as it is written, and the rows it stands for. */
export interface ListedLine {
  readonly line: string
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/** The lines of a list; only the first `columns - 1` bars cut a row, so that code may hold one. */
export const readPlantList = (name: string, columns: number): ReadonlyArray<ListedLine> =>
  readFileSync(join(import.meta.dir, name), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# "))
    .map((line) => ({
      line,
      rows: expand(line).map((row) => {
        const parts = row.split(" | ")
        return [...parts.slice(0, columns - 1), parts.slice(columns - 1).join(" | ")]
      })
    }))
