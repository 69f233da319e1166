/** Reads an output of one JSON object a line, whichever agent's events they are. */
import type { AgentWork } from "@backbeat/core/task/AgentWork"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { AgentReader } from "../Agent.ts"
import { PendingText } from "../text/PendingText.ts"
import { parseJson } from "../text/lenient.ts"
import { isGarnished, visibleLine } from "../text/visible.ts"
import { conclude } from "./conclude.ts"
import type { AgentTraits } from "./conclude.ts"
import { initialProgress, AgentProgress } from "./AgentProgress.ts"

/** What an event shows to people: a whole text, which may have many lines, or a piece of one that goes on. */
export type Shown = { readonly text: string } | { readonly piece: string }

/** How one agent's events are understood. */
export interface EventFormat<Event> {
  readonly traits: AgentTraits
  /** None for what is not an event of this agent, or not one that matters. */
  readonly decode: (value: unknown) => Option.Option<Event>
  readonly show: (event: Event) => ReadonlyArray<Shown>
  readonly learn: (told: AgentProgress, event: Event, work: AgentWork) => AgentProgress
}

/** How much of what is no JSON is kept as evidence, in characters. */
const unparsedLength = 8192

/** What one reader leaves to the next. */
const Kept = Schema.Struct({ told: AgentProgress, stray: Schema.String, pending: Schema.String })
const decodeKept = Schema.decodeUnknownOption(Schema.fromJsonString(Kept))

const isObject = Schema.is(Schema.Record(Schema.String, Schema.Unknown))

/** A terminal's title or the rest of a progress bar may stand before an event in its line. */
const parseEvent = (line: string): unknown => {
  const value = parseJson(line)
  return value === undefined && line.includes("{") && isGarnished(line)
    ? parseJson(visibleLine(line))
    : value
}

/** A reader of one call's output. */
export const readEvents = <Event>(dialect: EventFormat<Event>, work: AgentWork): AgentReader => {
  let pending = new PendingText()
  let told = initialProgress
  let stray = ""

  const showLine = (shown: Shown): ReadonlyArray<string> => {
    if ("piece" in shown) return pending.add(shown.piece)
    const text = shown.text.replace(/\s+$/u, "")
    return [...pending.flush(), ...(text === "" ? [] : text.split("\n"))]
  }

  return {
    take: (line) => {
      const value = parseEvent(line)
      if (!isObject(value)) {
        if (line.trim() === "") return []
        stray = `${stray}${line}\n`.slice(-unparsedLength)
        return [...pending.flush(), line]
      }
      return Option.match(dialect.decode(value), {
        onNone: () => [],
        onSome: (event) => {
          told = dialect.learn(told, event, work)
          return dialect.show(event).flatMap(showLine)
        }
      })
    },
    rest: () => pending.flush(),
    hasTold: () => told.verdict !== null && !told.goesOn,
    keep: () => JSON.stringify({ told, stray, pending: pending.kept } satisfies typeof Kept.Type),
    goOn: (text) =>
      Option.match(decodeKept(text), {
        onNone: () => false,
        onSome: (kept) => {
          told = kept.told
          stray = kept.stray
          pending = new PendingText(kept.pending)
          return true
        }
      }),
    conclude: (end) => conclude(dialect.traits, work, { told, stray, ...end })
  }
}
