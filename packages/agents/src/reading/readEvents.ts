/** Reads an output of one JSON object a line, in the event format of any agent. */
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { AgentReader } from "../Agent.ts"
import { PendingText } from "../text/PendingText.ts"
import { parseJson } from "../text/lenient.ts"
import { hasTerminalCodes, visibleLine } from "../text/visible.ts"
import { toAgentOutcome } from "./toAgentOutcome.ts"
import type { AgentTraits } from "./toAgentOutcome.ts"
import { initialProgress, AgentProgress } from "./AgentProgress.ts"

/**
 * The text that an event shows to people: a whole text of any number of lines, or a piece of a
 * text.
 */
export type Shown = { readonly text: string } | { readonly piece: string }

/** The event format of one agent. */
export interface EventFormat<Event> {
  readonly traits: AgentTraits
  /** None for a value that is not an event, or that backbeat does not use. */
  readonly decode: (value: unknown) => Option.Option<Event>
  readonly show: (event: Event) => ReadonlyArray<Shown>
  readonly applyEvent: (progress: AgentProgress, event: Event, work: AgentWork) => AgentProgress
}

/** How much output that is not JSON is kept for error messages, in characters. */
const unparsedLength = 8192

/** The saved state of a reader. */
const SavedState = Schema.Struct({
  told: AgentProgress,
  stray: Schema.String,
  pending: Schema.String
})
const decodeState = Schema.decodeUnknownOption(Schema.fromJsonString(SavedState))

const isObject = Schema.is(Schema.Record(Schema.String, Schema.Unknown))

/** Parses a line. A terminal title or a progress bar may precede the event. */
const parseEvent = (line: string): unknown => {
  const value = parseJson(line)
  return value === undefined && line.includes("{") && hasTerminalCodes(line)
    ? parseJson(visibleLine(line))
    : value
}

/** A reader of one call's output. */
export const readEvents = <Event>(format: EventFormat<Event>, work: AgentWork): AgentReader => {
  let pending = new PendingText()
  let progress = initialProgress
  let unparsed = ""

  const showLine = (shown: Shown): ReadonlyArray<string> => {
    if ("piece" in shown) return pending.add(shown.piece)
    const text = shown.text.replace(/\s+$/u, "")
    return [...pending.flush(), ...(text === "" ? [] : text.split("\n"))]
  }

  return {
    readLine: (line) => {
      const value = parseEvent(line)
      if (!isObject(value)) {
        if (line.trim() === "") return []
        unparsed = `${unparsed}${line}\n`.slice(-unparsedLength)
        return [...pending.flush(), line]
      }
      return Option.match(format.decode(value), {
        onNone: () => [],
        onSome: (event) => {
          progress = format.applyEvent(progress, event, work)
          return format.show(event).flatMap(showLine)
        }
      })
    },
    flush: () => pending.flush(),
    hasResult: () => progress.verdict !== null && !progress.goesOn,
    saveState: () =>
      JSON.stringify({
        told: progress,
        stray: unparsed,
        pending: pending.unfinished
      } satisfies typeof SavedState.Type),
    restoreState: (text) =>
      Option.match(decodeState(text), {
        onNone: () => false,
        onSome: (saved) => {
          progress = saved.told
          unparsed = saved.stray
          pending = new PendingText(saved.pending)
          return true
        }
      }),
    finish: (end) => toAgentOutcome(format.traits, work, { progress, unparsed, ...end })
  }
}
