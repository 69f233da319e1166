/** Appends events of any subject to the history in memory. */
import { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import * as Schema from "effect/Schema"
import type { Journal } from "../live/Journal.ts"
import type { Memory } from "./MemoryDatabase.ts"

const decode = Schema.decodeUnknownSync(RecordedEvent)

/** Records events with their sequences, and returns them. */
export const appendEvents = <Event, Recorded>(
  memory: Memory,
  journal: Journal,
  events: ReadonlyArray<Event>,
  record: (event: Event, sequence: number) => Recorded
): ReadonlyArray<Recorded> => {
  const { lastSequence } = memory
  const eventCount = memory.events.length
  const recorded = events.map((event, index) => record(event, lastSequence + index + 1))
  journal.onRollback(() => {
    memory.events.length = eventCount
    memory.lastSequence = lastSequence
  })
  memory.lastSequence += recorded.length
  memory.events.push(...recorded.map((each) => decode(each)))
  return recorded
}
