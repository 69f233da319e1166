/** Reads all events of a task. */
import type { EventType, RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import { History } from "@backbeat/store/History"
import * as Effect from "effect/Effect"

const pageEvents = 10_000

/** Builds a function that reads all events of these types of a task, oldest first. */
export const makeWholeHistory = Effect.map(History, (history) =>
  Effect.fnUntraced(function* (id: string, types: ReadonlyArray<EventType>) {
    const all: Array<RecordedEvent> = []
    for (;;) {
      const since = all.at(-1)?.sequence ?? 0
      const page = yield* history.events({ since, taskIds: [id], types, limit: pageEvents })
      all.push(...page)
      if (page.length < pageEvents) return all
    }
  })
)
