/** Agents for everyday tests: programs of the agents' names that print what the real ones once printed. */
import * as Schema from "effect/Schema"
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

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

const decodeRecording = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      outcome: Schema.Struct({ kind: Schema.String, exitCode: Schema.optionalKey(Schema.Int) })
    })
  )
)

const exitCodeOf = (agent: string, recording: string): number =>
  decodeRecording(readFileSync(join(recorded, agent, `${recording}.json`), "utf8")).outcome
    .exitCode ?? 0

/** Notes how it was called, does what the test says (`act`, a line of shell), and prints the recording. */
const program = (
  folder: string,
  agent: string,
  recording: string,
  act: string
): string => `#!/bin/sh
if [ "$1" = --version ]; then echo '1.2.3 (${agent})'; exit 0; fi
printf '%s\\n' "$@" > '${folder}/${agent}.args'
env > '${folder}/${agent}.env'
cat > '${folder}/${agent}.prompt'
cat '${recorded}/${agent}/${recording}.stderr' >&2
${act}
cat '${recorded}/${agent}/${recording}.stdout'
exit ${exitCodeOf(agent, recording)}
`

/** A folder with fake agents, to be put on the PATH. */
export class FakeAgents {
  readonly folder: string

  constructor(scratch: string) {
    this.folder = join(scratch, "agents")
    mkdirSync(this.folder, { recursive: true })
  }

  /** Makes an agent answer with a recording from now on. */
  answer(agent: string, recording: string, act = ":"): void {
    const path = join(this.folder, agent)
    writeFileSync(path, program(this.folder, agent, recording, act))
    chmodSync(path, 0o755)
  }

  /** The file of what a real one once printed. */
  recorded(agent: string, recording: string): string {
    return join(recorded, agent, `${recording}.stdout`)
  }

  /** The environment in which these agents are found, and no others. */
  get env(): Readonly<Record<string, string>> {
    return { PATH: `${this.folder}:/usr/bin:/bin` }
  }

  /** The arguments of the last call. */
  args(agent: string): ReadonlyArray<string> {
    return this.#read(agent, "args").trimEnd().split("\n")
  }

  /** What the last call read from its standard input. */
  prompt(agent: string): string {
    return this.#read(agent, "prompt")
  }

  /** The variables that the last call had. */
  variables(agent: string): ReadonlyArray<string> {
    return this.#read(agent, "env")
      .split("\n")
      .map((line) => line.split("=")[0] ?? "")
  }

  #read(agent: string, what: string): string {
    const path = join(this.folder, `${agent}.${what}`)
    return existsSync(path) ? readFileSync(path, "utf8") : ""
  }
}
