/** Reads an agent that prints plain text: what it says is its output, and whether it succeeded its exit code. */
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { AgentReader } from "../Agent.ts"
import { conclude } from "../reading/conclude.ts"
import type { AgentTraits } from "../reading/conclude.ts"
import { initialProgress, AgentProgress, appendText } from "../reading/AgentProgress.ts"

const decodeTold = Schema.decodeUnknownOption(Schema.fromJsonString(AgentProgress))

/** A reader of one call's plain output. Its text is all that was printed: nothing tells the answer from the rest. */
export const readPlain = (traits: AgentTraits, work: AgentWork): AgentReader => {
  let told = initialProgress
  return {
    take: (line) => {
      told = appendText(told, `${line}\n`)
      return [line]
    },
    rest: () => [],
    hasTold: () => false,
    keep: () => JSON.stringify(told),
    goOn: (text) =>
      Option.match(decodeTold(text), {
        onNone: () => false,
        onSome: (kept) => {
          told = kept
          return true
        }
      }),
    conclude: ({ outcome, stderr }) => {
      const isDone = outcome.kind === "exited" && outcome.exitCode === 0
      return conclude(traits, work, {
        told: { ...told, verdict: isDone ? "done" : null },
        stray: told.text.slice(-8192),
        outcome,
        stderr
      })
    }
  }
}
