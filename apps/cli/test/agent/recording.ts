/** How a recorded call is kept: without the paths, ports and long lists of its machine, and cut to a size for tests. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { AgentEnd } from "./callAgent.ts"
import { folder } from "./cases.ts"

const maxBytes = 16 * 1024

/** Where the recorded call ran. */
export interface Ran {
  readonly scratch: string
  readonly home: string
  readonly cwd: string
  readonly url: string
}

/** What the call was, beside its end. */
export interface Recording {
  readonly agent: string
  readonly name: string
  readonly argv: ReadonlyArray<string>
  readonly stdin: string
  readonly version: string
}

const recorded = join(
  import.meta.dir,
  "..",
  "..",
  "..",
  "..",
  "packages",
  "agents",
  "test",
  "recorded"
)
const item = /(?:"[^"]*"|\{[^{}]*\})/u.source
const list = new RegExp(`\\[(?<first>${item}(?:,${item})?)(?:,${item})*\\]`, "gu")

// Claude Code's first event names all its tools, commands and skills.
const shortenLists = (line: string): string =>
  line.includes('"subtype":"init"') ? line.replaceAll(list, "[$<first>]") : line

// As Claude Code names the folder of a project.
const dashed = (path: string): string => path.replaceAll(/[^A-Za-z0-9]/gu, "-")

const clean = (text: string, { scratch, home, cwd, url }: Ran): string =>
  text
    .replaceAll(home, "/home/user")
    .replaceAll(cwd, folder)
    .replaceAll(`${scratch.slice(1)}/demo`, folder.slice(1))
    .replaceAll(dashed(cwd), dashed(folder))
    .replaceAll(/[^\s"'(]*\/node_modules\//gu, "/usr/lib/node_modules/")
    .replaceAll(new URL(url).host, "127.0.0.1:8080")
    .split("\n")
    .map(shortenLists)
    .join("\n")

/** Whole lines of the beginning and of the end. */
const cut = (text: string): string => {
  if (text.length <= maxBytes) return text
  const half = maxBytes / 2
  return (
    text.slice(0, text.lastIndexOf("\n", half) + 1) +
    text.slice(text.indexOf("\n", text.length - half) + 1)
  )
}

/** Writes `<agent>/<name>.stdout`, `.stderr` and `.json`. */
export const keep = (
  { agent, name, argv, stdin, version }: Recording,
  end: AgentEnd,
  ran: Ran
): void => {
  mkdirSync(join(recorded, agent), { recursive: true })
  const path = (ext: string) => join(recorded, agent, `${name}.${ext}`)
  writeFileSync(path("stdout"), cut(clean(end.stdout, ran)))
  writeFileSync(path("stderr"), cut(clean(end.stderr, ran)))
  writeFileSync(
    path("json"),
    `${JSON.stringify({ argv, outcome: end.outcome, stdin, version }, null, 2)}\n`
  )
}
