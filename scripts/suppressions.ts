// Refuses a comment that switches a lint rule off without saying why on the same line, or for more than one line.
// Takes files as arguments; without any it reads the sources of the workspace.
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { filesOf, root } from "./workspace.ts"

const sources = ["{packages,apps}/**/*.{ts,tsx}", "{scripts,test,bench}/**/*.{ts,tsx}"]
const directive =
  /(?:\/\/|\/\*)\s*(?:oxlint|eslint)-(?<verb>disable|enable)(?<scope>-next-line|-line)?(?<rest>.*)/u

const complaint = (line: string): string | undefined => {
  const groups = directive.exec(line)?.groups
  if (groups === undefined || groups["verb"] === "enable") return undefined
  if (groups["scope"] === undefined)
    return "switches a rule off for the rest of the file: use -next-line"
  return /\s--\s+[^\s*]/u.test(groups["rest"] ?? "")
    ? undefined
    : "gives no reason: write `-- why` behind the rule"
}

const paths = process.argv.length > 2 ? process.argv.slice(2) : filesOf(sources)
for (const path of paths) {
  const lines = readFileSync(resolve(root, path), "utf8").split("\n")
  for (const [index, line] of lines.entries()) {
    const said = complaint(line)
    if (said === undefined) continue
    console.log(`${path}:${index + 1}: ${said}`)
    process.exitCode = 1
  }
}
