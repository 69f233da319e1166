/** Adds the checkpoints of earlier tasks to a prompt, so that an agent can continue their work. */
import { describeFailure } from "../task/Failure.ts"
import type { GitState } from "../task/GitState.ts"
import type { Checkpoint } from "./Checkpoint.ts"

/** The most bytes that checkpoints add to a prompt, in UTF-8. */
export const contextMaxBytes = 16_384

/**
 * Longer parts are cut. All parts of one checkpoint together are shorter than `contextMaxBytes`.
 */
const partMaxBytes = 4096
const summaryMaxBytes = 1024

/**
 * A prompt, and the checkpoints that it continues from, newest first. `added` has the new
 * instructions of a resumed task.
 */
export interface Enrichment {
  readonly how: "resume" | "continue"
  readonly prompt: string
  readonly added: string | null
  readonly chain: ReadonlyArray<Checkpoint>
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

/** The beginning of a text, cut between characters. */
const head = (text: string, maxBytes: number): string => {
  if (bytesOf(text) <= maxBytes) return text
  let kept = ""
  let bytes = 0
  for (const character of text) {
    bytes += bytesOf(character)
    if (bytes > maxBytes) break
    kept += character
  }
  return `${kept} […]`
}

/** The end of a text, cut between characters. Agents report their result at the end. */
const ending = (text: string, maxBytes: number): string => {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= maxBytes) return text
  let start = bytes.length - maxBytes
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start++
  return `[…] ${new TextDecoder().decode(bytes.subarray(start))}`
}

/** The last lines that fit. If not even the last line fits, its beginning. */
const tail = (lines: ReadonlyArray<string>, maxBytes: number): string => {
  const kept: Array<string> = []
  let bytes = 0
  for (const line of lines.toReversed()) {
    bytes += bytesOf(line) + 1
    if (bytes > maxBytes) break
    kept.push(line)
  }
  return kept.length === 0 ? head(lines.at(-1) ?? "", maxBytes) : kept.toReversed().join("\n")
}

const section = (title: string, text: string): ReadonlyArray<string> =>
  text.trim() === "" ? [] : [`### ${title}`, text]

const statusText = ({ status, failure }: Checkpoint): string =>
  failure === null ? status : `${status}: it ${describeFailure(failure)}`

const gitText = ({ branch, commit, dirty, dirtyCount }: GitState): string => {
  const at = commit === null ? "before its first commit" : `at ${commit}`
  const more = dirtyCount > dirty.length ? [`and ${dirtyCount - dirty.length} more`] : []
  const changed =
    dirtyCount === 0 ? ["nothing uncommitted"] : [`${dirtyCount} uncommitted:`, ...dirty, ...more]
  return [`branch ${branch ?? "(detached)"} ${at}`, ...changed].join("\n")
}

const outputOf = ({ result, stdout }: Checkpoint, maxBytes: number): string =>
  result !== null && result.text !== "" ? ending(result.text, maxBytes) : tail(stdout, maxBytes)

/**
 * The full text of one checkpoint, each part cut to its maximum. Leaves out a prompt that is the
 * same.
 */
const describeCheckpoint = (checkpoint: Checkpoint, prompt: string): string =>
  [
    `## Task ${checkpoint.taskId} (${head(statusText(checkpoint), summaryMaxBytes)})`,
    ...section(
      "Its prompt",
      checkpoint.request === prompt ? "" : head(checkpoint.request, 2 * summaryMaxBytes)
    ),
    ...section("Its additional instructions", head(checkpoint.added ?? "", 4 * summaryMaxBytes)),
    ...section("Its output", outputOf(checkpoint, partMaxBytes)),
    ...section(
      "The end of its standard error",
      checkpoint.status === "completed" ? "" : tail(checkpoint.stderr, partMaxBytes)
    ),
    ...section(
      checkpoint.gitOf === "end" ? "Git when it ended" : "Git now",
      checkpoint.git === null ? "" : head(gitText(checkpoint.git), 2 * summaryMaxBytes)
    )
  ].join("\n\n")

/** Two or three lines for an older checkpoint. */
const summarize = (checkpoint: Checkpoint, prompt: string): string =>
  [
    `## Earlier: task ${checkpoint.taskId} (${head(statusText(checkpoint), summaryMaxBytes)})`,
    checkpoint.request === prompt ? "" : head(checkpoint.request, summaryMaxBytes),
    head(checkpoint.added ?? "", summaryMaxBytes),
    outputOf(checkpoint, summaryMaxBytes)
  ]
    .filter((text) => text !== "")
    .join("\n\n")

/** As many checkpoints as fit, newest first. Only the newest is in full. */
const contextOf = (chain: ReadonlyArray<Checkpoint>, prompt: string): string => {
  const parts: Array<string> = []
  let bytes = 0
  for (const [index, checkpoint] of chain.entries()) {
    const part =
      index === 0 ? describeCheckpoint(checkpoint, prompt) : summarize(checkpoint, prompt)
    bytes += bytesOf(part) + 2
    if (bytes > contextMaxBytes - 128) {
      parts.push(`(${chain.length - index} earlier tasks left out)`)
      break
    }
    parts.push(part)
  }
  return parts.join("\n\n")
}

/**
 * The checkpoints, then the prompt. A resumed task gets its prompt again, then the new
 * instructions.
 */
export const enrich = ({ how, prompt, added, chain }: Enrichment): string => {
  const context = contextOf(chain, prompt)
  if (how === "continue")
    return ["# Results of earlier tasks", context, "# Your task", prompt].join("\n\n")
  const wasStarted = chain.some(({ attempt }) => attempt > 0)
  return [
    wasStarted
      ? "# Your task was started before; continue it"
      : "# Your task was cancelled before it started",
    context,
    "# Your task",
    prompt,
    ...(added === null ? [] : ["# New instructions", added])
  ].join("\n\n")
}
