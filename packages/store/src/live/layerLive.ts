/** Tasks in memory over stored ones, and transactions over both. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { Database } from "../Database.ts"
import { History } from "../History.ts"
import type { StoreError } from "../StoreError.ts"
import { TaskRows } from "../TaskRows.ts"
import { TaskStore } from "../TaskStore.ts"
import { type Journal, makeJournal } from "./Journal.ts"
import { makeLiveTaskStore } from "./LiveTaskStore.ts"
import { makeMemory, type Memory } from "./Memory.ts"

/** Whether others write to the same database too. */
export interface LiveOptions {
  readonly writers: "one" | "many"
}

/** How many foreign events are read at once. */
const pageCount = 1000

/** Applies what others have committed since the last sequence that is known here. */
const makeCatchUp = (
  history: History["Service"],
  { filled, refresh }: Memory,
  undo: Journal["undo"]
) => {
  let known: number | null = null
  const know = (sequence: number): void => {
    const before = known
    undo(() => {
      known = before
    })
    known = sequence
  }
  const readOn = (since: number): Effect.Effect<void, StoreError> =>
    Effect.gen(function* () {
      const events = yield* history.events({ since, limit: pageCount })
      yield* refresh(events.flatMap(({ subject, id }) => (subject === "task" ? [id] : [])))
      const last = events.at(-1)
      if (last !== undefined && events.length === pageCount) yield* readOn(last.sequence)
    })
  return {
    before: Effect.gen(function* () {
      yield* filled
      const last = yield* history.lastSequence
      if (known !== null && known < last) yield* readOn(known)
    }),
    after: Effect.map(history.lastSequence, know)
  }
}

/**
 * The TaskStore and the Database port over those of the layers below. With many writers each transaction begins by applying what the
 * others have committed.
 */
export const layerLive = ({
  writers
}: LiveOptions): Layer.Layer<TaskStore | Database, never, Database | TaskRows | History> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const database = yield* Database
      const rows = yield* TaskRows
      const journal = makeJournal(yield* Semaphore.make(1))
      const memory = makeMemory({ rows, journal })
      const { before, after } =
        writers === "one"
          ? { before: memory.filled, after: Effect.void }
          : makeCatchUp(yield* History, memory, journal.undo)
      const transact = <A, E, R>(
        effect: Effect.Effect<A, E, R>
      ): Effect.Effect<A, E | StoreError, R> =>
        Effect.flatMap(journal.isInside, (isNested) =>
          journal.transact(
            database.transact(
              isNested ? effect : Effect.tap(Effect.andThen(before, effect), () => after)
            )
          )
        )
      const joined: Database["Service"]["transact"] = (effect) =>
        Effect.flatMap(journal.isInside, (isInside) => (isInside ? effect : transact(effect)))
      const store = makeLiveTaskStore(memory, {
        rows,
        write: joined,
        read: writers === "one" ? journal.inTurn : joined
      })
      return Context.add(
        Context.make(TaskStore, TaskStore.of(store)),
        Database,
        Database.of({ transact })
      )
    })
  )
