import { describe, expect, test } from "bun:test"
import { fieldsOf } from "@backbeat/contract/help"
import type { Operation } from "@backbeat/contract/Operation"
import { problemTypes } from "@backbeat/contract/Problem"
import { reference } from "@backbeat/contract/reference"
import { shapeOf } from "@backbeat/contract/Shape"
import { operations } from "@backbeat/contract/table"

const rows: ReadonlyArray<Operation> = Object.values(operations)
const page = reference()
const headings = [...page.matchAll(/^#{2,3} (.+)$/gmu)].map(([, heading = ""]) => heading)

/** The text under a heading, up to the next one. */
const under = (heading: string): string => {
  const [, after = ""] = page.split(`\n### ${heading}\n`)
  return after.split(/\n#{2,3} /u)[0] ?? ""
}

const cellsUnder = (heading: string): ReadonlyArray<string> =>
  [...under(heading).matchAll(/^\| `([^`]+)`/gmu)].map(([, name = ""]) => name)

describe("the printed contract", () => {
  test("has a heading for each operation, in the order of the table", () => {
    const names = rows.map(({ name }) => name)
    expect(headings.filter((heading) => names.includes(heading))).toEqual(names)
  })

  test("links to existing headings", () => {
    const anchors = new Set(headings.map((heading) => heading.toLowerCase().replaceAll(" ", "-")))
    const links = [...page.matchAll(/\]\(#([^)]+)\)/gu)].map(([, anchor = ""]) => anchor)
    expect(links.length).toBeGreaterThan(rows.length)
    expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([])
  })

  test("explains every error", () => {
    expect(Object.keys(problemTypes).filter((type) => !page.includes(`| \`${type}\` | `))).toEqual(
      []
    )
  })

  test("has a heading for each shape that it mentions", () => {
    for (const name of [
      "Task",
      "BriefTask",
      "Failure",
      "Actor",
      "RestartPolicy",
      "Probe",
      "HealthProbe",
      "Notify",
      "Artifact",
      "Frame"
    ]) {
      expect(headings).toContain(name)
      expect(page.split(new RegExp(`\\b${name}\\b`, "u")).length).toBeGreaterThan(2)
    }
  })

  test("omits missing bounds of a number, and escapes what would end a table cell", () => {
    expect(page).not.toContain("9007199254740991")
    const widths = page
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) => line.split(/(?<!\\)\|/u).length)
    expect(widths.filter((width) => width < 4 || width > 5)).toEqual([])
  })
})

describe.each(rows)("the section on $name", (row) => {
  test("lists every field of payload and answer, the errors and the examples", () => {
    const told = cellsUnder(row.name)
    const answer = shapeOf(row, "output")
    const answered = (answer.anyOf ?? [answer]).flatMap(({ properties = {} }) =>
      Object.keys(properties)
    )
    expect(
      [...fieldsOf(row).map(({ name }) => name), ...answered].filter((name) => !told.includes(name))
    ).toEqual([])
    const text = under(row.name)
    expect(row.errors.filter((error) => !text.includes(`\`${error}\``))).toEqual([])
    expect(
      row.examples.filter(({ title }) => !text.includes(`# ${title}\nbackbeat ${row.name} '`))
    ).toEqual([])
    expect(row.flags.filter((flag) => !text.includes(`\`--${flag}\``))).toEqual([])
  })

  test("marks required fields", () => {
    const required = under(row.name)
      .split("\n")
      .filter((line) => line.includes("**(required)**"))
      .map((line) => line.split("`")[1])
    expect(required).toEqual(
      fieldsOf(row)
        .filter((field) => field.required)
        .map(({ name }) => name)
    )
  })
})
