// Plants one violation of each lint rule that fences a room, and expects oxlint to name the rule in each.
import { describe, expect, test } from "bun:test"
import { lint } from "./Plant.ts"
import type { Plant } from "./Plant.ts"
import { readPlantList } from "./plantList.ts"

interface Violation {
  readonly title: string
  readonly rule: string
  readonly plants: ReadonlyArray<Plant>
}

const closed = (code: string): string =>
  /^import .*\bplanted\b.*";$/u.test(code) ? `${code}\nexport { planted };\n` : `${code}\n`

const plantAt = (where: string, name: string, code: string): Plant => ({
  path: where.endsWith(".ts") ? where : `${where}/${name}.ts`,
  code: closed(code)
})

const listed: ReadonlyArray<Violation> = readPlantList("refused.txt", 3).map(
  ({ line, rows }, lineNumber) => ({
    title: line,
    rule: rows[0]?.[1] ?? "",
    plants: rows.map(([where = "", , code = ""], row) =>
      plantAt(where, `planted${lineNumber}x${row}`, code)
    )
  })
)

const repeat = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${line(n)}\n`).join("")

const inEach = (folders: ReadonlyArray<string>, name: string, code: string): ReadonlyArray<Plant> =>
  folders.map((folder) => ({ path: `${folder}/${name}.ts`, code }))

const longFile = repeat(321, (n) => `export const planted${n} = ${n};`)
const longTest = repeat(451, (n) => `export const planted${n} = ${n};`)
const longFunction = `export const planted = (given: number): number => {\n${repeat(90, (n) => `  if (given === ${n}) return ${n};`)}  return given;\n};\n`
const longDescribe = `import { describe, test } from "bun:test";\ndescribe("a plant", () => {\n${repeat(90, (n) => `  test("grows ${n}", () => {});`)}});\n`
const sized: ReadonlyArray<Violation> = [
  {
    title: "321 lines of code",
    rule: "eslint(max-lines)",
    plants: inEach(["packages/core/src", "scripts"], "longFile", longFile)
  },
  {
    title: "451 lines of a test",
    rule: "eslint(max-lines)",
    plants: inEach(["packages/core/test"], "longTest", longTest)
  },
  {
    title: "a function of 93 lines",
    rule: "eslint(max-lines-per-function)",
    plants: inEach(["packages/core/src", "apps/cli/src", "scripts"], "longFunction", longFunction)
  }
]

const cyclic: ReadonlyArray<Violation> = [
  {
    title: "two modules that import each other",
    rule: "import(no-cycle)",
    plants: [
      {
        path: "packages/engine/src/cycle/One.ts",
        code: 'import { two } from "./Two.ts";\nexport const one = (): unknown => two;\n'
      },
      {
        path: "packages/engine/src/cycle/Two.ts",
        code: 'import { one } from "./One.ts";\nexport const two = (): unknown => one;\n'
      }
    ]
  },
  {
    title: "two modules that import each other's types",
    rule: "import(no-cycle)",
    plants: [
      {
        path: "packages/engine/src/cycle/Red.ts",
        code: 'import type { Blue } from "./Blue.ts";\nexport type Red = ReadonlyArray<Blue>;\n'
      },
      {
        path: "packages/engine/src/cycle/Blue.ts",
        code: 'import type { Red } from "./Red.ts";\nexport type Blue = ReadonlyArray<Red>;\n'
      }
    ]
  }
]

const refusedAlone = (rule: string, plant: Plant): boolean =>
  lint([plant]).complaints.some((complaint) => complaint.rule === rule)

describe("a line that crosses a fence", () => {
  const violations = [...listed, ...sized, ...cyclic]
  const everything = violations.flatMap(({ plants }) => plants)
  // One run for all plants, but for those that need the same file name.
  const paths = everything.map(({ path }) => path)
  const alone = (plant: Plant): boolean =>
    paths.indexOf(plant.path) !== paths.lastIndexOf(plant.path)
  const { exitCode, complaints } = lint(everything.filter((plant) => !alone(plant)))
  const refusedTogether = (rule: string) =>
    new Set(complaints.filter((complaint) => complaint.rule === rule).map(({ path }) => path))

  test("fails the run", () => {
    expect(exitCode).not.toBe(0)
  })

  for (const { title, rule, plants } of violations) {
    test(`is refused wherever it is planted: ${title}`, () => {
      const refused = refusedTogether(rule)
      expect(plants.length).toBeGreaterThan(0)
      expect(
        plants.filter(
          (plant) => !(alone(plant) ? refusedAlone(rule, plant) : refused.has(plant.path))
        )
      ).toEqual([])
    })
  }
})

describe("a line that keeps to its room", () => {
  const plants = readPlantList("allowed.txt", 2).flatMap(({ rows }, lineNumber) =>
    rows.map(([where = "", code = ""], row) => plantAt(where, `planted${lineNumber}x${row}`, code))
  )
  const { exitCode, complaints } = lint([
    ...plants,
    ...inEach(["packages/core/test"], "longTest", longDescribe)
  ])

  test("passes every fence", () => {
    expect(
      complaints.map(
        ({ path, rule }) => `${rule} ${path} ${plants.find((plant) => plant.path === path)?.code}`
      )
    ).toEqual([])
    expect(exitCode).toBe(0)
  })
})
