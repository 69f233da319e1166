/** The layer of the live tasks in memory over stored ones, with transactions over both. */
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

/** `writers` is "many" if other connections write to the same database. */
export interface LiveOptions {
  readonly writers: "one" | "many"
}

/** How many events of other writers are read at once. */
const pageCount = 1000

/** Applies the events that other writers have committed since the last known sequence. */
const makeCatchUp = (
  history: History["Service"],
  { loaded, refresh }: Memory,
  onRollback: Journal["onRollback"]
) => {
  let known: number | null = null
  const setKnown = (sequence: number): void => {
    const before = known
    onRollback(() => {
      known = before
    })
    known = sequence
  }
  const applySince = (since: number): Effect.Effect<void, StoreError> =>
    Effect.gen(function* () {
      const events = yield* history.events({ since, limit: pageCount })
      yield* refresh(events.flatMap(({ subject, id }) => (subject === "task" ? [id] : [])))
      const last = events.at(-1)
      if (last !== undefined && events.length === pageCount) yield* applySince(last.sequence)
    })
  return {
    before: Effect.gen(function* () {
      yield* loaded
      const last = yield* history.lastSequence
      if (known !== null && known < last) yield* applySince(known)
    }),
    after: Effect.map(history.lastSequence, setKnown)
  }
}

/**
 * The TaskStore and Database ports over the Database and TaskRows of the layers below. With many
 * writers, each transaction first applies the events of the others.
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
          ? { before: memory.loaded, after: Effect.void }
          : makeCatchUp(yield* History, memory, journal.onRollback)
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
      const joinTransaction: Database["Service"]["transact"] = (effect) =>
        Effect.flatMap(journal.isInside, (isInside) => (isInside ? effect : transact(effect)))
      const store = makeLiveTaskStore(memory, {
        rows,
        write: joinTransaction,
        read: writers === "one" ? journal.inTurn : joinTransaction
      })
      return Context.add(
        Context.make(TaskStore, TaskStore.of(store)),
        Database,
        Database.of({ transact })
      )
    })
  )
