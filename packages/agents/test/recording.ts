// The recorded output of the real agents, in `recorded/<agent>/<case>`.
import { Outcome } from "@backbeat/core/task/AttemptEnd"
import * as Schema from "effect/Schema"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const folder = join(import.meta.dir, "recorded")

const decodeEnd = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ outcome: Outcome }))
)

export interface Recording {
  readonly name: string
  readonly agent: string
  readonly lines: ReadonlyArray<string>
  readonly stderr: string
  readonly outcome: Outcome
}

const read = (agent: string, scene: string): Recording => {
  const text = (extension: string): string =>
    readFileSync(join(folder, agent, `${scene}.${extension}`), "utf8")
  return {
    name: `${agent}/${scene}`,
    agent,
    lines: text("stdout").split("\n"),
    // The engine passes only the end of it.
    stderr: text("stderr").slice(-8192),
    outcome: decodeEnd(text("json")).outcome
  }
}

export const recordings: ReadonlyArray<Recording> = [
  "claude",
  "codex",
  "gemini",
  "opencode"
].flatMap((agent) =>
  readdirSync(join(folder, agent))
    .filter((file) => file.endsWith(".json"))
    .toSorted()
    .map((file) => read(agent, file.slice(0, -".json".length)))
)

export const recordingOf = (name: string): Recording => {
  const found = recordings.find((recording) => recording.name === name)
  if (found === undefined) throw new Error(`no recording ${name}`)
  return found
}
