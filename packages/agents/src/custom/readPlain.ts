/**
 * Reads an agent that prints plain text. The whole output is its answer; its exit code says whether
 * it succeeded.
 */
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { AgentReader } from "../Agent.ts"
import { toAgentOutcome } from "../reading/toAgentOutcome.ts"
import type { AgentTraits } from "../reading/toAgentOutcome.ts"
import { initialProgress, AgentProgress, appendText } from "../reading/AgentProgress.ts"

const decodeProgress = Schema.decodeUnknownOption(Schema.fromJsonString(AgentProgress))

/**
 * A reader of one call's plain output. Its text is all of the output, because nothing marks the
 * answer in it.
 */
export const readPlain = (traits: AgentTraits, work: AgentWork): AgentReader => {
  let progress = initialProgress
  return {
    readLine: (line) => {
      progress = appendText(progress, `${line}\n`)
      return [line]
    },
    flush: () => [],
    hasResult: () => false,
    saveState: () => JSON.stringify(progress),
    restoreState: (text) =>
      Option.match(decodeProgress(text), {
        onNone: () => false,
        onSome: (saved) => {
          progress = saved
          return true
        }
      }),
    finish: ({ outcome, stderr }) => {
      const isDone = outcome.kind === "exited" && outcome.exitCode === 0
      return toAgentOutcome(traits, work, {
        progress: { ...progress, verdict: isDone ? "done" : null },
        unparsed: progress.text.slice(-8192),
        outcome,
        stderr
      })
    }
  }
}
