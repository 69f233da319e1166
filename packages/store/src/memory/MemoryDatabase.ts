/** The data that the stores in memory share, and its transactions. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import type { IndexColumns } from "@backbeat/core/history/Aggregate"
import type { IdKind } from "../IdStore.ts"
import type { RecordedEvent } from "@backbeat/core/history/RecordedEvent"
import type { Entry } from "../live/Entry.ts"
import { makeJournal } from "../live/Journal.ts"
import type { Journal } from "../live/Journal.ts"

/** An aggregate that is not a task. */
export interface AggregateEntry {
  readonly kind: IdKind
  readonly id: string
  readonly seq: number
  readonly index: IndexColumns
  readonly state: unknown
}

/** The tasks, the other aggregates, and their history. */
export interface Memory {
  readonly entries: Map<string, Entry>
  readonly aggregates: Map<string, AggregateEntry>
  readonly ids: Map<string, IdKind>
  events: Array<RecordedEvent>
  lastSequence: number
  lastSeq: number
}

/** The shared data and its journal. */
export class MemoryDatabase extends Context.Service<
  MemoryDatabase,
  { readonly journal: Journal; readonly memory: Memory }
>()("@backbeat/store/memory/MemoryDatabase") {}

/** Empty data for each build of the layer. */
export const layerMemoryDatabase: Layer.Layer<MemoryDatabase> = Layer.effect(
  MemoryDatabase,
  Effect.map(Semaphore.make(1), (turns) =>
    MemoryDatabase.of({
      journal: makeJournal(turns),
      memory: {
        entries: new Map(),
        aggregates: new Map(),
        ids: new Map(),
        events: [],
        lastSequence: 0,
        lastSeq: 0
      }
    })
  )
)
